import { list, object, optional, stringMap, text } from '../schema.ts';

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
      secrets: optional(
        list(
          'Further Secrets, each in an environment variable of its own.',
          object('One key of a Secret.', {
            name: text('Name of the Secret.'),
            key: optional(text('The key; SECURE_DATA if not set.')),
            env: text('Name of the environment variable.', { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
          }),
        ),
      ),
    }),
  ),
};
