import { SettingInvalid } from './failure.ts';
import type { LanguageName } from './languages/language.ts';
import { wordsOf } from './words.ts';

/** What `CMD_ARGS` says: `<options of the interpreter> -- <arguments of the script>`. */
export interface CommandWords {
  readonly interpreterOptions: readonly string[];
  readonly scriptArguments: readonly string[];
}

interface Rules {
  /** Options after which the interpreter ends, or runs something else, with exit code 0 and without the script. */
  readonly skipsScript: RegExp;
  /** Options whose value is the next word. */
  readonly takesValue: RegExp;
}

const rules: Readonly<Record<LanguageName, Rules>> = {
  deno: { skipsScript: /^(?:-h|--help|-V|--version|--watch)(?:=|$)/u, takesValue: /^(?:-c|-L)$/u },
  python: {
    // With -i a script that raised an exception ends with 0 too.
    skipsScript: /^(?:-(?![WX])[bBdEIOPqRsSuvx]*[hVcmi?]|--(?:help|version))/u,
    takesValue: /^-[bBdEIOPqRsSuvx]*[WX]$/u,
  },
  bash: {
    skipsScript: /^(?:[-+][a-zA-Z]*[ncsD]|--(?:help|version|dump-)|noexec$)/u,
    takesValue: /^(?:[-+][a-zA-Z]*[oO]|--(?:init-file|rcfile))$/u,
  },
};

/**
 * The words of `CMD_ARGS`; throws `SettingInvalid` where the interpreter would not run the script. That would be a success
 * in which nothing happened: `CMD_ARGS=-h` makes Python print its help and exit with 0.
 */
export function commandWords(language: LanguageName, text: string): CommandWords {
  const words = wordsOf(text);
  if (words === undefined) throw new SettingInvalid('CMD_ARGS', 'a quote is not closed');
  const end = words.indexOf('--');
  const interpreterOptions = end < 0 ? words : words.slice(0, end);
  const { skipsScript, takesValue } = rules[language];
  for (const [index, word] of interpreterOptions.entries()) {
    const isValue = index > 0 && takesValue.test(interpreterOptions[index - 1] ?? '');
    if (!isValue && !/^[-+]./u.test(word)) {
      throw new SettingInvalid(
        'CMD_ARGS',
        `"${word}" is no option of the interpreter: write arguments of the script after --, as in "-- ${word}"`,
      );
    }
    if (skipsScript.test(word)) {
      throw new SettingInvalid(
        'CMD_ARGS',
        `with "${word}" the interpreter does not run the script: leave it out, or write it after -- if it is meant for the script`,
      );
    }
  }
  return { interpreterOptions, scriptArguments: end < 0 ? [] : words.slice(end + 1) };
}
