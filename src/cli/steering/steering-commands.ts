import { Command, Option } from 'commander';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { retryEverything, retryFailed, type SteeringVerb } from '../../api/keptn/steering.ts';
import { connecting } from '../command/command-config.ts';
import { durationOption } from '../command/duration-option.ts';
import { namespaceOption, selectorOption } from '../command/object-options.ts';
import { outputOption } from '../command/output-option.ts';
import { addSettings } from '../command/setting-options.ts';
import { targetWords } from '../command/target.ts';
import type { Terminal } from '../../process/terminal.ts';
import { type Level, steeringBy } from './steered-object.ts';
import { type Deed, steer, type SteeringOptions } from './steer.ts';

/** A steering command: what it says of itself, and what it asks for. */
interface Described {
  readonly name: string;
  readonly does: string;
  readonly options?: readonly Option[];
  readonly examples: readonly string[];
  readonly level: Level;
  /** Whether one task or evaluation can be meant; the others are for a whole version. */
  readonly takesChecks?: boolean;
  /** `check` is the definition of the task or evaluation that the user named. */
  deed(options: SteeringOptions, check: string | undefined): Deed;
}

const asking = (verb: SteeringVerb, annotations: Readonly<Record<string, string>>): Deed => ({
  type: 'ask',
  verb,
  annotations,
});

const reason = (what: string): Option => new Option('--reason <text>', what);

const described: readonly Described[] = [
  {
    name: 'retry',
    does: 'try again what has failed, and nothing that has passed',
    options: [
      new Option('--what <name>', 'one phase, definition, task or evaluation; or "promotion"'),
    ],
    examples: [
      'sluice retry deployment/cart -n shop',
      'sluice retry kwv/shop-cart-2.0.0 -n shop --what load-test',
      'sluice retry keptntask/pre-load-test-hvpa6zctyz -n shop',
      'sluice retry keptnapp/shop -n shop --what promotion',
    ],
    level: 'version',
    takesChecks: true,
    deed: ({ what }, check) =>
      asking('retry', { [sluiceKeys.retry]: what ?? check ?? retryFailed }),
  },
  {
    name: 'restart',
    does: 'run every check again, those that have passed among them; Pods that may start still may',
    examples: ['sluice restart deployment/cart -n shop', 'sluice restart keptnapp/shop -n shop'],
    level: 'version',
    deed: () => asking('retry', { [sluiceKeys.retry]: retryEverything }),
  },
  {
    name: 'abort',
    does: 'stop what runs: the version has failed, and its Pods stay held',
    options: [reason('why, for those who come after you')],
    examples: ["sluice abort deployment/cart -n shop --reason 'wrong image'"],
    level: 'version',
    deed: ({ reason: why = '' }) => asking('abort', { [sluiceKeys.abort]: why }),
  },
  {
    name: 'release',
    does: 'let the Pods start although their checks have not passed, for a time',
    options: [
      reason('why; it is shown to everybody').makeOptionMandatory(),
      // As the object will carry it: the admission reads it.
      new Option('--for <duration>', 'for how long, for example 30m').default('1h'),
    ],
    examples: ["sluice release deployment/cart -n shop --reason 'hotfix INC-1' --for 30m"],
    level: 'version',
    deed: ({ reason: why = '', for: duration = '1h' }) =>
      asking('release', { [sluiceKeys.release]: why, [sluiceKeys.releaseFor]: duration }),
  },
  {
    name: 'pause',
    does: 'begin no phase and release nothing of a workload or an application, until it is resumed',
    options: [reason('why, for those who wait').default('true')],
    examples: [
      'sluice pause deployment/cart -n shop --reason incident',
      'sluice pause keptnapp/shop',
    ],
    level: 'lasting',
    deed: ({ reason: why = 'true' }) => ({
      type: 'set',
      annotations: { [sluiceKeys.paused]: why },
      says: 'is paused: no phase begins and nothing is released',
    }),
  },
  {
    name: 'resume',
    does: 'go on with a workload or an application that is paused',
    examples: [
      'sluice resume deployment/cart -n shop',
      'sluice resume deployment -l tier=web -n shop',
    ],
    level: 'lasting',
    deed: () => ({
      type: 'set',
      annotations: { [sluiceKeys.paused]: undefined },
      says: 'goes on',
    }),
  },
];

/** `sluice retry`, `restart`, `abort`, `release`, `pause` and `resume`. */
export function steeringCommands(terminal: Terminal): readonly Command[] {
  return described.map((one) => steeringCommand(one, terminal));
}

function steeringCommand(one: Described, terminal: Terminal): Command {
  const { name, does, options = [], examples, level, takesChecks = false } = one;
  const targeting = steeringBy(name, takesChecks);
  const command = new Command(name)
    .description(does)
    .argument('<target...>', `kind/name, or the kind with --selector: ${targetWords(targeting)}`)
    .addOption(namespaceOption())
    .addOption(selectorOption('all'));
  for (const option of options) command.addOption(option);
  command
    .addOption(
      durationOption('--timeout', 'how long to wait for the answer of Sluice', { text: '10s' }),
    )
    .option('--dry-run', 'have the API server judge it, and change nothing')
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
${examples.map((example) => `  ${example}`).join('\n')}

Exit codes: 0 done, 1 refused, not answered in time, or an error, 2 bad input`,
    )
    .action((words: readonly string[], given: SteeringOptions) =>
      steer(
        { words, level, targeting, given, deed: (check) => one.deed(given, check) },
        { command, terminal },
      ),
    );
}
