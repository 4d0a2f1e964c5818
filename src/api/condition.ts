import type { TProperties } from 'typebox';
import type { Condition } from './object.ts';
import { int64, listByKey, object, oneOf, optional, text, time, typed } from './schema.ts';

const condition = object('One aspect of the state of the object.', {
  type: text('Name of the aspect, in CamelCase.', {
    maxLength: 316,
    pattern:
      '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
  }),
  status: oneOf('Whether the aspect holds.', ['True', 'False', 'Unknown']),
  observedGeneration: optional(int64('metadata.generation this was judged on.', { minimum: 0 })),
  lastTransitionTime: time('When the status of this condition last changed.'),
  reason: text('Why, as one CamelCase word for programs.', {
    minLength: 1,
    maxLength: 1024,
    pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
  }),
  message: text('Why, as a sentence for people. May be empty.', { maxLength: 32768 }),
});

/** The limits of metav1.Condition; the API server refuses a whole status for one condition beyond them. */
export const conditionLimits = { reasonLength: 1024, messageLength: 32768 } as const;

const common = {
  conditions: optional(
    typed<Condition[]>(
      listByKey('What is known of the object at this moment, one entry per aspect.', condition, [
        'type',
      ]),
    ),
  ),
  observedGeneration: optional(
    int64('metadata.generation that this status describes.', { minimum: 0 }),
  ),
};

/** A status with what every own kind has: `conditions` and `observedGeneration`. */
export const statusObject = <Fields extends TProperties>(description: string, fields: Fields) =>
  object(description, { ...fields, ...common });
