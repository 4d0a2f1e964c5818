import { Command, Option } from 'commander';
import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { formatDuration } from '../../domain/go/duration.ts';
import { EndsWith, exitCodes, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { follow, type Following } from '../command/following.ts';
import { durationOption } from '../command/duration-option.ts';
import { namespaceOption, type ObjectOptions, selectorOption } from '../command/object-options.ts';
import { addSettings } from '../command/setting-options.ts';
import {
  meantBy,
  type Target,
  targetText,
  targetWords,
  type Targeting,
} from '../command/target.ts';
import { explanation } from '../explain/explain.ts';
import {
  awaitedApp,
  awaitedNewestApp,
  awaitedOwner,
  awaitedWorkload,
  type Goal,
  type Progress,
} from './awaited.ts';

interface WaitOptions extends ObjectOptions {
  readonly for: Goal;
  /** In milliseconds. */
  readonly timeout: number;
}

interface Awaited {
  readonly kind: Kind;
  readonly progress: (asked: Asked) => Progress | undefined;
}

interface Asked {
  readonly lookup: Lookup;
  readonly namespace: string;
  readonly name: string;
  readonly goal: Goal;
}

const awaits = <T extends KubernetesObject>(
  kind: Kind<T>,
  judge: (object: T, goal: Goal, lookup: Lookup) => Progress,
): Awaited => ({
  kind,
  progress({ lookup, namespace, name, goal }) {
    const object = lookup.get(kind, namespace, name);
    return object && judge(object, goal, lookup);
  },
});

const awaited: readonly Awaited[] = [
  awaits(DeploymentKind, awaitedOwner),
  awaits(StatefulSetKind, awaitedOwner),
  awaits(DaemonSetKind, awaitedOwner),
  awaits(RolloutKind, awaitedOwner),
  awaits(KeptnApp, awaitedNewestApp),
  awaits(KeptnAppVersion, awaitedApp),
  awaits(KeptnWorkloadVersion, awaitedWorkload),
];

const kinds = awaited.map(({ kind }) => kind);

const waiting: Targeting = {
  kinds,
  cannot: 'cannot be waited for',
  example: 'write for example deployment/cart or keptnapp/shop',
};

/** `sluice wait`: for a pipeline that must not go on before a version has passed, or is through. */
export function waitCommand(terminal: Terminal): Command {
  const command = new Command('wait')
    .description('wait until the checks of a version have passed, or until it is through')
    .argument('<target...>', `kind/name, or the kind with --selector: ${targetWords(waiting)}`)
    .addOption(
      new Option(
        '--for <goal>',
        'passed: the checks before the deployment have passed, so that Pods start; completed: deployed, and all checks are through',
      )
        .choices(['passed', 'completed'])
        .default('completed'),
    )
    .addOption(durationOption('--timeout', 'how long to wait; 0s looks once', { text: '10m' }))
    .addOption(namespaceOption())
    .addOption(selectorOption('all'));
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  kubectl apply -f shop/ && sluice wait keptnapp/shop --for completed --timeout 15m -n shop
  sluice wait deployment/cart --for passed -n shop
  sluice wait deployment -l app=cart --timeout 30m -n shop

The version is the one that the object asks for now, so it may follow "kubectl apply" at once.
Exit codes: 0 reached, 1 an error, 2 bad input, 3 failed or overtaken: waiting would not help, 4 the time is over`,
    )
    .action(async (words: readonly string[], options: WaitOptions) => {
      const meant = meantBy(words, options.selector, waiting);
      await using connection = await connected(command, terminal);
      const namespace = options.namespace ?? connection.namespace;
      const targets = await meant.targets(connection.client, namespace);
      await using following = await follow(connection, kinds, namespace);
      const wait = { targets, namespace, goal: options.for, timeoutMs: options.timeout };
      const ended = await untilOver({ ...wait, terminal, following });
      if (ended.state === 'reached') return;
      if (ended.state === 'failed') {
        const { inColor, columns } = terminal;
        const paper = { inColor, columns, now: systemClock.now() };
        const request = { target: ended.target, namespace, output: 'text', paper } as const;
        const { text: why } = await explanation(request, connection.client);
        terminal.write(`${why}\n`);
        throw new EndsWith(exitCodes.failed);
      }
      throw new EndsWith(terminal.stop.aborted ? exitCodes.failure : exitCodes.warnings);
    });
}

interface Waiting {
  readonly targets: readonly Target[];
  readonly namespace: string;
  readonly goal: Goal;
  readonly timeoutMs: number;
  readonly terminal: Terminal;
  readonly following: Following;
}

/** How a wait has ended, and by which object. */
interface Ended extends Progress {
  readonly target: Target;
}

/** Waits, and says each time how far it has come, until that cannot change any more or the time is over. */
async function untilOver(wait: Waiting): Promise<Ended> {
  const { goal, namespace, timeoutMs, terminal, following } = wait;
  const startMs = systemClock.elapsed();
  const said = new Map<string, string>();
  for (;;) {
    const problem = following.problem();
    if (problem !== undefined) throw new Error(problem);
    const all = wait.targets.map((target) => ({ target, ...progressOf(target, wait) }));
    const passedMs = systemClock.elapsed() - startMs;
    for (const { target, says } of all) {
      if (said.get(targetText(target)) === says) continue;
      said.set(targetText(target), says);
      const at = (passedMs / 1000).toFixed(1).padStart(7);
      terminal.write(`${at} s  ${visibleText(says)}\n`);
    }
    // One that will not be reached ends the wait; otherwise the slowest says how far it is.
    const worst =
      all.find(({ state }) => state === 'failed') ??
      all.find(({ state }) => state === 'waiting') ??
      all[0];
    if (worst === undefined) throw new Error('there is nothing to wait for');
    if (worst.state !== 'waiting' || terminal.stop.aborted) return worst;
    if (passedMs >= timeoutMs) {
      const text = targetText(worst.target);
      terminal.writeError(
        `${text} is not ${goal} after ${formatDuration(timeoutMs)}; sluice explain ${text} -n ${namespace} says why\n`,
      );
      return worst;
    }
    // A problem of the watches is no change of an object.
    await following.changed(Math.min(timeoutMs - passedMs, 5_000), terminal.stop);
  }
}

function progressOf(
  target: Target,
  { following, namespace, goal }: Pick<Waiting, 'following' | 'namespace' | 'goal'>,
): Progress {
  const { kind, name } = target;
  const { lookup } = following;
  const found = awaited
    .find((one) => one.kind === kind)
    ?.progress({ lookup, namespace, name, goal });
  return (
    found ?? {
      state: 'waiting',
      says: `there is no ${targetText(target)} in namespace ${namespace} (yet)`,
    }
  );
}
