import { fieldOf } from '../../api/json.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { type Found, rule } from '../base/rule.ts';

/** A task that writes its secrets where many can read them. */
export const secretIsPrinted = rule({
  id: 'secret-printed',
  title: 'A task that prints a secret',
  why: 'What a task prints stands in the log of its Pod and, if it fails, in the status of the task and in traces: more people read these than may read the Secret.',
  fix: 'Do not print it: no env, printenv or set -x where there are secrets, and no echo of their variables.',
  severity: 'risky',
  kinds: [KeptnTaskDefinition],
  check({ spec: { container, bash } }) {
    const found: Found[] = [];
    if (container !== undefined) {
      const words = [container['command'], container['args']].flat().map(String);
      found.push(...printedIn(words.join('\n'), variablesOf(container), 'spec.container'));
    }
    const code = bash?.inline?.code;
    const hasSecret = bash?.secureParameters !== undefined;
    if (code !== undefined && hasSecret)
      found.push(
        ...printedIn(code, { names: ['SECURE_DATA'], isAnything: true }, 'spec.bash.inline.code'),
      );
    return found;
  },
});

/** The variables of a container that hold secrets. */
interface Secrets {
  readonly names: readonly string[];
  /** Whether there are any; those of envFrom have names that are not known here. */
  readonly isAnything: boolean;
}

function variablesOf(container: { readonly env?: unknown; readonly envFrom?: unknown }): Secrets {
  const env: readonly unknown[] = Array.isArray(container.env) ? container.env : [];
  const from: readonly unknown[] = Array.isArray(container.envFrom) ? container.envFrom : [];
  const names = env
    .filter((one) => fieldOf(fieldOf(one, 'valueFrom'), 'secretKeyRef') !== undefined)
    .map((one) => String(fieldOf(one, 'name')));
  const isAll = from.some((one) => fieldOf(one, 'secretRef') !== undefined);
  return { names, isAnything: isAll || names.length > 0 };
}

function printedIn(script: string, secrets: Secrets, path: string): readonly Found[] {
  if (!secrets.isAnything) return [];
  for (const { text, isSeen } of commandsOf(script)) {
    const [name = '', ...words] = text.trim().split(/\s+/u);
    const variable = secrets.names.find((one) =>
      words.some((word) => word.includes(`$${one}`) || word.includes(`\${${one}`)),
    );
    const prints = isSeen && (name === 'echo' || name === 'printf');
    if (prints && variable !== undefined) return [{ path, message: says(`${name} $${variable}`) }];
    const isWhole = (name === 'env' || name === 'printenv') && words.length === 0;
    if (isWhole) return [{ path, message: says(name) }];
    const isTraced = name === 'set' && words.some((word) => /^-[a-z]*x/u.test(word));
    if (isTraced) return [{ path, message: says('set -x') }];
  }
  return [];
}

interface Command {
  readonly text: string;
  /** Whether what it prints gets into the log: it is not the value of a `$(…)`, nor the input of another command, nor in a file. */
  readonly isSeen: boolean;
}

/** The commands of a script, found by what stands between commands. What stands in quotation marks is not told apart. */
function commandsOf(script: string): readonly Command[] {
  const parts = script.split(/(\$\(|>&|\|\||[\n;|&()])/u);
  const closings: boolean[] = [];
  return parts.flatMap((part, at): readonly Command[] => {
    if (at % 2 === 0) {
      const isKept = parts[at + 1] === '|' || /[^2]>(?!&|\s*\/dev\/std)/u.test(part);
      return [{ text: part, isSeen: !isKept && !closings.includes(true) }];
    }
    if (part === '$(' || part === '(') closings.push(part === '$(');
    if (part === ')') closings.pop();
    return [];
  });
}

function says(what: string): string {
  return `"${what}" prints a secret into the log and, if the task fails, into its status; leave it out`;
}
