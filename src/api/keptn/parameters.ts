import { object, optional, stringMap, text } from '../schema.ts';

/** What tasks and their definitions hand to the function. */
export const parameterFields = {
  parameters: optional(
    object('Parameters, readable by everybody who may read this object.', {
      map: optional(stringMap('The parameters by name; the function gets them as JSON in DATA.')),
    }),
  ),
  secureParameters: optional(
    object('Parameters that stay in a Secret.', {
      secret: optional(
        text('Name of a Secret whose key SECURE_DATA the function gets in SECURE_DATA.'),
      ),
    }),
  ),
};
