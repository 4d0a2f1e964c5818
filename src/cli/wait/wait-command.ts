import { Command, Option } from 'commander';
import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { duration } from '../../config/setting.ts';
import type { PodMaker } from '../../domain/identity/next-pod-identity.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { formatDuration } from '../../domain/go/duration.ts';
import { BadInput, EndsWith, exitCodes, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { follow, type Following } from '../command/following.ts';
import { addSettings } from '../command/setting-options.ts';
import { explanation } from '../explain/explain.ts';
import {
  awaitedApp,
  awaitedNewestApp,
  awaitedOwner,
  awaitedWorkload,
  type Goal,
  type Progress,
} from './awaited.ts';

interface WaitOptions {
  readonly for: Goal;
  readonly timeout: string;
  readonly namespace?: string;
}

type Judge = (lookup: Lookup, namespace: string, goal: Goal) => Progress | undefined;

interface Target {
  readonly names: readonly string[];
  readonly judge: (name: string) => Judge;
}

const ownerOf = <T extends PodMaker & KubernetesObject>(
  kind: Kind<T>,
  names: readonly string[],
): Target => ({
  names,
  judge: (name) => (lookup, namespace, goal) => {
    const owner = lookup.get(kind, namespace, name);
    return owner && awaitedOwner(owner, goal, lookup);
  },
});

const targets: readonly Target[] = [
  ownerOf(DeploymentKind, ['deployment', 'deployments', 'deploy']),
  ownerOf(StatefulSetKind, ['statefulset', 'statefulsets', 'sts']),
  ownerOf(DaemonSetKind, ['daemonset', 'daemonsets', 'ds']),
  ownerOf(RolloutKind, ['rollout', 'rollouts', 'ro']),
  {
    names: ['keptnapp', 'keptnapps', 'app'],
    judge: (name) => (lookup, namespace, goal) => {
      const app = lookup.get(KeptnApp, namespace, name);
      return app && awaitedNewestApp(app, goal, lookup);
    },
  },
  {
    names: ['keptnappversion', 'keptnappversions', 'kav'],
    judge: (name) => (lookup, namespace, goal) => {
      const version = lookup.get(KeptnAppVersion, namespace, name);
      return version && awaitedApp(version, goal, lookup);
    },
  },
  {
    names: ['keptnworkloadversion', 'keptnworkloadversions', 'kwv'],
    judge: (name) => (lookup, namespace, goal) => {
      const version = lookup.get(KeptnWorkloadVersion, namespace, name);
      return version && awaitedWorkload(version, goal);
    },
  },
];

const kinds = [
  DeploymentKind,
  StatefulSetKind,
  DaemonSetKind,
  RolloutKind,
  KeptnApp,
  KeptnAppVersion,
  KeptnWorkloadVersion,
];

/** `sluice wait`: for a pipeline that must not go on before a version has passed, or is through. */
export function waitCommand(terminal: Terminal): Command {
  const command = new Command('wait')
    .description('wait until the checks of a version have passed, or until it is through')
    .argument(
      '<kind/name>',
      'deployment, statefulset, daemonset, rollout, keptnapp, keptnappversion (kav) or keptnworkloadversion (kwv)',
    )
    .addOption(
      new Option(
        '--for <goal>',
        'passed: the checks before the deployment have passed, so that Pods start; completed: deployed, and all checks are through',
      )
        .choices(['passed', 'completed'])
        .default('completed'),
    )
    .option('--timeout <duration>', 'how long to wait; 0s looks once', '10m')
    .option('-n, --namespace <name>', 'namespace of the object; that of the context if not given');
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  kubectl apply -f shop/ && sluice wait keptnapp/shop --for completed --timeout 15m -n shop
  sluice wait deployment/cart --for passed -n shop

The version is the one that the object asks for now, so it may follow "kubectl apply" at once.
Exit codes: 0 reached, 1 an error, 2 bad input, 3 failed or overtaken: waiting would not help, 4 the time is over`,
    )
    .action(async (text: string, options: WaitOptions) => {
      const judge = judgeOf(text);
      const timeoutMs = duration(0).read(options.timeout);
      if (timeoutMs === undefined)
        throw new BadInput(`--timeout: "${options.timeout}", expected ${duration(0).expected}`);
      await using connection = await connected(command, terminal);
      const namespace = options.namespace ?? connection.namespace;
      await using following = await follow(connection, kinds, namespace);
      const wait = { judge, namespace, goal: options.for, timeoutMs, terminal, following };
      const ended = await untilOver(text, wait);
      if (ended.state === 'reached') return;
      if (ended.state === 'failed') {
        const { inColor, columns } = terminal;
        const paper = { inColor, columns, now: systemClock.now() };
        const request = { target: text, namespace, output: 'text', paper } as const;
        const { text: why } = await explanation(request, connection.client);
        terminal.write(`${why}\n`);
        throw new EndsWith(exitCodes.failed);
      }
      throw new EndsWith(terminal.stop.aborted ? exitCodes.failure : exitCodes.warnings);
    });
}

interface Waiting {
  readonly judge: Judge;
  readonly namespace: string;
  readonly goal: Goal;
  readonly timeoutMs: number;
  readonly terminal: Terminal;
  readonly following: Following;
}

/** Waits, and says each time how far it has come, until that cannot change any more or the time is over. */
async function untilOver(text: string, wait: Waiting): Promise<Progress> {
  const { judge, namespace, goal, timeoutMs, terminal, following } = wait;
  const startMs = systemClock.elapsed();
  let said = '';
  for (;;) {
    const problem = following.problem();
    if (problem !== undefined) throw new Error(problem);
    const progress = judge(following.lookup, namespace, goal) ?? {
      state: 'waiting',
      says: `there is no ${text} in namespace ${namespace} (yet)`,
    };
    const passedMs = systemClock.elapsed() - startMs;
    if (progress.says !== said)
      terminal.write(
        `${(passedMs / 1000).toFixed(1).padStart(7)} s  ${visibleText(progress.says)}\n`,
      );
    said = progress.says;
    if (progress.state !== 'waiting' || terminal.stop.aborted) return progress;
    if (passedMs >= timeoutMs) {
      terminal.writeError(
        `${text} is not ${goal} after ${formatDuration(timeoutMs)}; sluice explain ${text} -n ${namespace} says why\n`,
      );
      return progress;
    }
    // A problem of the watches is no change of an object.
    await following.changed(Math.min(timeoutMs - passedMs, 5_000), terminal.stop);
  }
}

function judgeOf(text: string): Judge {
  const [kindName = '', name = '', ...rest] = text.split('/');
  const word = kindName.toLowerCase().split('.')[0] ?? '';
  const target = targets.find(({ names }) => names.includes(word));
  if (target === undefined || name === '' || rest.length > 0)
    throw new BadInput(
      `"${text}" cannot be waited for; write KIND/NAME with one of ${targets.map(({ names }) => names[0] ?? '').join(', ')}`,
    );
  return target.judge(name);
}
