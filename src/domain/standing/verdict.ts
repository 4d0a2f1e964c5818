/** What a check without a Job says at this moment. Times are in milliseconds since the epoch. */
export type Verdict =
  /** It is so; `untilMs` is when it may be otherwise, if that is known. */
  | { readonly type: 'passes'; readonly untilMs?: number | undefined }
  /** It is not so yet; `untilMs` is when it may be, if only time has to pass. */
  | {
      readonly type: 'waits';
      readonly reason: string;
      readonly message: string;
      readonly untilMs?: number | undefined;
    }
  /** It is not so, and that is final for this attempt. */
  | { readonly type: 'fails'; readonly reason: string; readonly message: string };
