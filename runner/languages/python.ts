import { bootstrapFile } from '../bootstrap.ts';
import type { Language } from './language.ts';

/** Python 3, through a bootstrap that calls `main(context)` where a script has one and leaves that to its caller. */
export const python: Language = {
  name: 'python',
  interpreter: 'python3',
  fileName: () => 'function.py',
  args: ({ script, interpreterOptions, scriptArguments }) => [
    ...interpreterOptions,
    bootstrapFile('function.py'),
    script,
    ...scriptArguments,
  ],
  // What a script printed before it was killed is to be seen, so nothing stays in its buffers.
  environment: () => ({ PYTHONUNBUFFERED: '1' }),
  // Frames and source lines of a traceback are indented; what was raised is not.
  weight: (line) => (/^\S/u.test(line) ? 1 : 0),
  diagnose(line) {
    if (/^(?:SyntaxError|IndentationError|TabError)\b/u.test(line)) return 'SyntaxError';
    return /^MemoryError\b/u.test(line) ? 'OutOfMemory' : undefined;
  },
};
