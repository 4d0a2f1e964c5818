import {
  Type,
  type Static,
  type TArray,
  type TObject,
  type TProperties,
  type TSchema,
} from 'typebox';

/**
 * The vocabulary that API types are written in: the part of JSON Schema which a CustomResourceDefinition may hold
 * ("structural schema"). What TypeBox writes for literals, records and unions is refused by the API server; the words here
 * write what it accepts. Every word takes the field's description first, because it ends up in `kubectl explain`.
 */

export type { Static, TSchema } from 'typebox';

/** Further keywords of a schema: `default`, `pattern`, `x-kubernetes-…`. */
export type Keywords = Readonly<Record<string, unknown>>;

/** Keptn's pattern for durations, as it stands in its CRDs. It is looser than it looks: `domain/duration.ts` decides. */
export const durationPattern = '^0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$';

/**
 * What stands for a pattern where Sluice itself judges a text: it matches the same texts in linear time. The API server's engine
 * works so; JavaScript's begins anew at each digit of a text of digits. Without an anchor at the front, only the last number counts.
 */
export const linearPatterns: ReadonlyMap<string, string> = new Map([
  [durationPattern, '^0|[0-9](?:ns|us|µs|ms|s|m|h)$'],
]);

const quantityPattern =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

const described = (description: string, keywords: Keywords = {}): Keywords =>
  description === '' ? keywords : { description, ...keywords };

/** The field may be left out. */
export const optional = Type.Optional;

export const text = (description: string, keywords?: Keywords) =>
  Type.String(described(description, keywords));

/** The most characters of a name, a version, a duration, a target or an address. */
const mostCharacters = 1_024;

/** A text that names or measures something. */
export const shortText = (description: string, keywords?: Keywords) =>
  text(description, { maxLength: mostCharacters, ...keywords });

export const bool = (description: string, keywords?: Keywords) =>
  Type.Boolean(described(description, keywords));

/** A whole number without a format, as Go's `int` and `uint` become one. */
export const integer = (description: string, keywords?: Keywords) =>
  Type.Integer(described(description, keywords));

export const int32 = (description: string, keywords?: Keywords) =>
  integer(description, { format: 'int32', ...keywords });

export const int64 = (description: string, keywords?: Keywords) =>
  integer(description, { format: 'int64', ...keywords });

/** metav1.Time: RFC 3339 in the JSON, and a string in TypeScript too. */
export const time = (description: string) => text(description, { format: 'date-time' });

/** A Go duration such as `1m30s`. */
export const duration = (description: string, keywords?: Keywords) =>
  shortText(description, { pattern: durationPattern, ...keywords });

/** A string out of a closed list. */
export const oneOf = <const Values extends readonly string[]>(
  description: string,
  values: Values,
  keywords?: Keywords,
) =>
  typed<Values[number]>({
    type: 'string',
    ...described(description, { enum: values, ...keywords }),
  });

export const object = <Fields extends TProperties>(
  description: string,
  fields: Fields,
  keywords?: Keywords,
): TObject<Fields> => Type.Object(fields, described(description, keywords));

/** An object that keeps fields beyond the declared ones: they may be newer than this schema. */
export const openObject = <Fields extends TProperties>(
  description: string,
  fields: Fields,
  keywords?: Keywords,
): TObject<Fields> =>
  object(description, fields, { 'x-kubernetes-preserve-unknown-fields': true, ...keywords });

export const list = <Item extends TSchema>(
  description: string,
  item: Item,
  keywords?: Keywords,
): TArray<Item> => Type.Array(item, described(description, keywords));

/** A list whose items are told apart by these fields, so that server-side apply merges them one by one. */
export const listByKey = <Item extends TSchema>(
  description: string,
  item: Item,
  keys: readonly string[],
): TArray<Item> =>
  list(description, item, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
  });

export const mapOf = <Value extends TSchema>(description: string, value: Value) =>
  typed<Record<string, Static<Value>>>({
    type: 'object',
    ...described(description, { additionalProperties: value }),
  });

export const stringMap = (description: string) => mapOf(description, Type.String());

export const intOrString = (description: string, keywords?: Keywords) =>
  typed<number | string>({
    ...described(description),
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    ...keywords,
  });

/** resource.Quantity. */
export const quantity = (description: string) =>
  intOrString(description, { pattern: quantityPattern });

/** A schema written by hand together with the type of what it describes; the word for whatever has no word above. */
export const typed = <T>(schema: TSchema) => Type.Unsafe<T>(schema);

/** CEL rules for the schema they are put on: the API server refuses an object for which one of them is false. */
export const rules = (...entries: readonly { rule: string; message: string }[]): Keywords => ({
  'x-kubernetes-validations': entries,
});
