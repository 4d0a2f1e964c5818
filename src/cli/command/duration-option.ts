import { InvalidArgumentError, Option } from 'commander';
import { duration } from '../../config/setting.ts';

/** An option whose value is a Go duration (`30s`, `5m`, `1h30m`), read as milliseconds; anything else is refused as bad input. */
export function durationOption(
  flags: string,
  description: string,
  otherwise?: { readonly text: string },
): Option {
  const kind = duration(0);
  const option = new Option(`${flags} <duration>`, description).argParser((text) => {
    const ms = kind.read(text);
    if (ms === undefined) throw new InvalidArgumentError(`Expected ${kind.expected}.`);
    return ms;
  });
  return otherwise === undefined
    ? option
    : option.default(kind.read(otherwise.text), otherwise.text);
}
