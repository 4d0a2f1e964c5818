import type { Language } from './language.ts';

/** Bash, strict by default: a command that fails ends the script, also within a pipe, and so does an unset variable. */
export const bash: Language = {
  name: 'bash',
  interpreter: 'bash',
  fileName: () => 'function.sh',
  // Bash reads while it runs: without this, all up to the line with the error would be done.
  check: ({ script }) => ({ program: 'bash', args: ['-n', script] }),
  command: ({ script, interpreterOptions, scriptArguments }) => ({
    program: 'bash',
    args: ['-euo', 'pipefail', ...interpreterOptions, script, ...scriptArguments],
  }),
  environment: () => ({}),
  weight: (line) => (line.trim() === '' ? 0 : 1),
  diagnose: () => undefined,
};
