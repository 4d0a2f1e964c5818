import { DurationInvalid, formatDuration, parseDuration } from '../domain/go/duration.ts';

/**
 * One setting: a flag, an environment variable and what may stand there. The flag wins over the variable, the variable
 * over the default.
 */
export interface Setting<T> {
  /** Without the dashes: `listen-port`. */
  readonly flag: string;
  readonly env: string;
  readonly value: ValueType<T>;
  /** Undefined where the setting may be left out. */
  readonly otherwise: T;
  readonly description: string;
}

/** What a value may be, and how its text is read: the value, or undefined when the text is not one. */
export interface ValueType<T> {
  readonly placeholder: string;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  read(text: string): T | undefined;
  /** How help shows a default. */
  show(value: T): string;
  /** What is given may be a secret: it is not repeated in what is said of a problem. */
  readonly isSecret?: boolean;
}

/** Any text that is not empty. */
export function text(placeholder: string, expected: string): ValueType<string> {
  return {
    placeholder,
    expected,
    read: (given) => (given.trim() === '' ? undefined : given.trim()),
    show: String,
  };
}

/** Texts with commas between them, at least one. */
export function list(placeholder: string, expected: string): ValueType<readonly string[]> {
  return {
    placeholder,
    expected,
    read(given) {
      const items = given.split(',').map((item) => item.trim());
      return items.includes('') ? undefined : items;
    },
    show: (items) => items.join(','),
  };
}

/** A name that Kubernetes accepts for namespaces and the like (RFC 1123 label). */
export const label: ValueType<string> = {
  placeholder: 'name',
  expected:
    'lower-case letters, digits and dashes, at most 63, beginning and ending with a letter or digit',
  read: (given) => (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/u.test(given) ? given : undefined),
  show: String,
};

/** A whole number within bounds, both included. */
export function wholeNumber(placeholder: string, least: number, most: number): ValueType<number> {
  return {
    placeholder,
    expected: `a whole number from ${least} to ${most}`,
    read(given) {
      const number = /^\d{1,15}$/u.test(given) ? Number(given) : Number.NaN;
      return number >= least && number <= most ? number : undefined;
    },
    show: String,
  };
}

/** A TCP port; 0 lets the system choose a free one. */
export const port = wholeNumber('port', 0, 65_535);

/** A Go duration of at least `leastMs`, read as milliseconds. */
export function duration(leastMs: number): ValueType<number> {
  return {
    placeholder: 'duration',
    expected: `a duration of at least ${leastMs} ms, such as 500ms, 15s or 1m30s`,
    read(given) {
      try {
        const ms = parseDuration(given);
        return ms >= leastMs ? ms : undefined;
      } catch (error) {
        if (error instanceof DurationInvalid) return undefined;
        throw error;
      }
    },
    show: formatDuration,
  };
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): ValueType<Word> {
  return {
    placeholder: words.join('|'),
    expected: `one of ${words.join(', ')}`,
    read: (given) => words.find((word) => word === given),
    show: String,
  };
}

/** `true` or `false`, and what Go's ParseBool reads as one of them. */
export const yesOrNo: ValueType<boolean> = {
  placeholder: 'true|false',
  expected: 'true or false',
  read(given) {
    if (['1', 't', 'true'].includes(given.toLowerCase())) return true;
    if (['0', 'f', 'false'].includes(given.toLowerCase())) return false;
    return undefined;
  },
  show: String,
};

/** One thing that is wrong with what was given. */
export interface SettingProblem {
  /** As the user wrote it: `--listen-port` or `SLUICE_LISTEN_PORT`. */
  readonly name: string;
  readonly value: string;
  readonly expected: string;
}

/** What was given on the command line and in the environment. */
export interface Given {
  /** By flag, without dashes. */
  readonly flags: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads settings one after the other and remembers what was wrong, so that everything can be reported at once. */
export class SettingsReader {
  readonly problems: SettingProblem[] = [];
  readonly #given: Given;

  constructor(given: Given) {
    this.#given = given;
  }

  /** The setting's value; its default where nothing, or nothing readable, was given. */
  read<T>(setting: Setting<T>): T {
    const flag = this.#given.flags.get(setting.flag);
    // An empty variable is how charts and shells leave a setting out.
    const given = flag ?? (this.#given.env[setting.env] || undefined);
    if (given === undefined) return setting.otherwise;
    const value = setting.value.read(given);
    if (value !== undefined) return value;
    this.refuse({
      name: flag === undefined ? setting.env : `--${setting.flag}`,
      value: setting.value.isSecret === true ? '(not shown)' : given,
      expected: setting.value.expected,
    });
    return setting.otherwise;
  }

  refuse(problem: SettingProblem): void {
    this.problems.push(problem);
  }
}

/** The configuration cannot be used; the message lists every problem with its name, its value and what is expected. */
export class ConfigInvalid extends Error {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    const lines = problems.map((one) => `  ${one.name}: "${one.value}", expected ${one.expected}`);
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    super(`${count} not usable:\n${lines.join('\n')}`);
    this.name = 'ConfigInvalid';
    this.problems = problems;
  }
}
