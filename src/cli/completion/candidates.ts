import type { Command, Option } from 'commander';
import { kindWords } from '../command/target.ts';

/** What may stand next on a command line. */
export interface Candidates {
  readonly words: readonly string[];
  /** Whether the shell should offer files where none of the words fits. */
  readonly files: boolean;
}

/** What may stand in the place of the last word, which may be begun: commands, options, their values, kinds of objects. */
export function candidates(line: readonly string[], root: Command): Candidates {
  const last = line.at(-1) ?? '';
  const { command, previous } = walked(line.slice(0, -1), root);
  const begun = (words: readonly string[]): Candidates => ({
    words: words.filter((word) => word.startsWith(last)).toSorted(),
    files: false,
  });
  const option = previous === undefined ? undefined : optionOf(previous, command);
  if (option !== undefined && takesValue(option))
    return option.argChoices === undefined ? { words: [], files: true } : begun(option.argChoices);
  if (last.startsWith('-')) return begun(flagsOf(command));
  if (command.commands.length > 0) return begun(namesOf(command));
  const [argument] = command.registeredArguments;
  if (argument?.argChoices !== undefined) return begun(argument.argChoices);
  if (argument?.name() !== 'target') return { words: [], files: true };
  // `deployment/cart` and `deployment cart` are one: the name is the user's to know.
  return begun(last.includes('/') ? [] : kindWords().map((word) => `${word}/`));
}

/** The command that these words lead to, and the word before the one that is completed. */
function walked(words: readonly string[], root: Command) {
  let command = root;
  let isValue = false;
  for (const word of words) {
    const option: Option | undefined = isValue ? undefined : optionOf(word, command);
    if (!isValue && option === undefined && !word.startsWith('-'))
      command = command.commands.find((one) => one.name() === word) ?? command;
    isValue = option !== undefined && takesValue(option);
  }
  return { command, previous: isValue ? words.at(-1) : undefined };
}

function namesOf({ commands }: Command): readonly string[] {
  return commands.map((one) => one.name()).filter((name) => !name.startsWith('__'));
}

function optionOf(word: string, command: Command): Option | undefined {
  return command.options.find(({ long, short }) => word === long || word === short);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function flagsOf(command: Command): readonly string[] {
  const own = command.options.flatMap(({ long, hidden }) => (hidden ? [] : (long ?? [])));
  return [...own, '--help'];
}
