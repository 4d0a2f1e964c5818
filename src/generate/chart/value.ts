/** A value of the chart as `values.yaml`, its schema and its reference show it. */
export interface Value {
  /** With dots: `image.registry`. */
  readonly path: string;
  readonly otherwise: unknown;
  /** JSON Schema of what may stand there, without description. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Sentences for `values.yaml`, the schema and the reference. */
  readonly says: string;
}

/** A key that values of Keptn's chart may have and that does nothing here: it is accepted, and the notes name it. */
export interface DeadValue {
  /** With dots; `certManager.*` stands for every key there that has no entry of its own. */
  readonly path: string;
  /** The value that says what is so anyway, and need not be named. */
  readonly unlessIs?: string | boolean;
  /** It asked for something that would be missing: the chart is refused with `why` unless it is empty. */
  readonly refused?: true;
  /** What to do instead, or why nothing is to be done. */
  readonly why: string;
}

export const bool = { type: 'boolean' } as const;
export const string = { type: 'string' } as const;
export const object = { type: 'object' } as const;
export const objects = { type: 'array', items: object } as const;
export const strings = { type: 'array', items: string } as const;
export const texts = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
} as const;

/** A whole number of at least so much. */
export const count = (minimum: number) => ({ type: 'integer', minimum }) as const;

/** One of these words. */
export const oneOf = (...words: readonly string[]) => ({ enum: words });
