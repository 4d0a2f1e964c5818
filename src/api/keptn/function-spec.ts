import { list, object, optional, shortText, text, type Static } from '../schema.ts';
import { parameterFields } from './parameters.ts';

const scriptFields = {
  functionRef: optional(
    object('Code and parameters of another definition.', {
      name: optional(shortText('Name of the KeptnTaskDefinition.')),
    }),
  ),
  inline: optional(
    object('Code in this definition.', {
      code: optional(text('The code.', { maxLength: 1_048_576 })),
    }),
  ),
  httpRef: optional(
    object('Code that is downloaded when the task runs.', {
      url: optional(text('Address of the code.', { maxLength: 8_192 })),
      sha256: optional(
        text('SHA-256 of the code in hex; the task fails if what comes is something else.', {
          pattern: '^[0-9a-fA-F]{64}$',
        }),
      ),
    }),
  ),
  configMapRef: optional(
    object('Code in a ConfigMap, under the key code.', {
      name: optional(text('Name of the ConfigMap.')),
    }),
  ),
  ...parameterFields,
  cmdParameters: optional(text('Passed to the function in CMD_ARGS.')),
  args: optional(list('Arguments of the script.', text(''))),
};

const described = (language: string) =>
  `A function in ${language}, run by Sluice's own runner image.`;

/** A function of a language whose interpreter knows no permissions. */
export const script = (language: string) => object(described(language), scriptFields);

/** The fields of a function in JavaScript or TypeScript, which are those of all languages and one more. */
export const functionFields = {
  ...scriptFields,
  permissions: optional(
    list(
      'Permission flags of Deno in place of the default ones, without the dashes: allow-net=example.com. An empty list is none.',
      text(''),
    ),
  ),
};

/** A function in JavaScript or TypeScript. */
export const deno = object(described('JavaScript or TypeScript'), functionFields);

/** A function of one of the languages there is a runner for. */
export type FunctionSpec = Static<typeof deno>;
