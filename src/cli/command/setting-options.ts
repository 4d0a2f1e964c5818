import type { Command } from 'commander';
import type { Setting } from '../../config/setting.ts';

/** Adds one option per setting; values stay text, for `configFrom` reads and judges them all. */
export function addSettings(command: Command, settings: readonly Setting<unknown>[]): Command {
  for (const setting of settings) {
    command.option(`--${setting.flag} <${setting.value.placeholder}>`, helpOf(setting));
  }
  return command;
}

/** The flags of a parsed command line that are settings, by flag. */
export function settingFlags(
  command: Command,
  settings: readonly { readonly flag: string }[],
): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (const { flag } of settings) {
    const option = command.options.find(({ long }) => long === `--${flag}`);
    const value: unknown = option && command.getOptionValue(option.attributeName());
    if (typeof value === 'string') flags.set(flag, value);
  }
  return flags;
}

function helpOf({ description, env, otherwise, value }: Setting<unknown>): string {
  if (otherwise === undefined) return `${description} (env ${env})`;
  return `${description} (env ${env}, default ${value.show(otherwise)})`;
}
