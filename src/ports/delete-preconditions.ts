/** A deletion holds only for this very object, and for this version of it if one is named. */
export interface DeletePreconditions {
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
}
