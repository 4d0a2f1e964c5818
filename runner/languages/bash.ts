import type { Language } from './language.ts';

/** Bash, strict by default: a command that fails ends the script, also within a pipe, and so does an unset variable. */
export const bash: Language = {
  name: 'bash',
  interpreter: 'bash',
  fileName: () => 'function.sh',
  // Bash reads while it runs: without this, all up to the line with the error would be done. A script may turn on extended
  // patterns while it runs, which a check does not notice.
  check: ({ script, interpreterOptions }) => ['-n', '-O', 'extglob', ...interpreterOptions, script],
  args: ({ script, interpreterOptions, scriptArguments }) => [
    '-euo',
    'pipefail',
    ...interpreterOptions,
    script,
    ...scriptArguments,
  ],
  environment: () => ({}),
  weight: (line) => (line.trim() === '' ? 0 : 1),
  diagnose: () => undefined,
};
