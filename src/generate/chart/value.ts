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
