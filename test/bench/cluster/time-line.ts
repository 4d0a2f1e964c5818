import type { EnabledNamespace } from '../../support/cluster/enabled-namespace.ts';
import type { Write } from '../../support/observed/audit-log.ts';
import { median, quantile } from '../statistics.ts';
import type { PodWatch } from './pod-times.ts';

/** One thing that happened to a version, in milliseconds since its Pod was there. */
export interface Step {
  /** `sluice  create keptntasks`; the second time `… (2)`. */
  readonly what: string;
  readonly at: number;
  /** How long the API server took; 0 for what a watch has seen. */
  readonly tookMs: number;
}

/** What happened to one version, in order. */
export interface TimeLine {
  readonly workload: string;
  readonly releasedAfter: number;
  /** When Sluice had stored for the last time how the version stands. */
  readonly completedAfter: number;
  /** What its Pods took: those of tasks until they ended, its own from its start until it was ready. */
  readonly ofPods: number;
  readonly steps: readonly Step[];
}

/** The time lines of all versions of a namespace with one Pod each, by the audit log and a watch of the Pods. */
export async function timeLines(shop: EnabledNamespace, pods: PodWatch): Promise<TimeLine[]> {
  const tasks = await shop.tasks();
  const writes = shop.cluster
    .writes({ refused: true })
    .filter((one) => one.namespace === shop.name);
  return pods.ofWorkloads.map((pod) => {
    const workload = pod.deployment;
    const own = tasks.filter(({ spec }) => spec.context?.workloadName?.endsWith(`-${workload}`));
    const names = own.flatMap(({ metadata, status }) => [metadata.name, status?.jobName ?? '']);
    const ofJobs = pods.ofJobs.filter(({ job = '' }) => names.includes(job));
    const isOwn = ({ name = '' }: Write): boolean =>
      names.includes(name) ||
      `${name}-`.startsWith(`${workload}-`) ||
      ofJobs.some((one) => one.name === name);
    const seen = ofJobs.flatMap(({ createdAt, endedAt }) => [
      { what: 'seen    Pod of a task', at: createdAt, tookMs: 0 },
      ...(endedAt === undefined
        ? []
        : [{ what: 'seen    Pod of a task ended', at: endedAt, tookMs: 0 }]),
    ]);
    const lifted = { what: 'seen    gate lifted', at: pod.liftedAt ?? Number.NaN, tookMs: 0 };
    const ready = { what: 'seen    Pod ready', at: pod.readyAt ?? Number.NaN, tookMs: 0 };
    const steps = [...writes.filter(isOwn).map(stepOf), ...seen, lifted, ready]
      .map((step) => ({ ...step, at: step.at - pod.createdAt }))
      .filter(({ at }) => !Number.isNaN(at))
      .toSorted((one, other) => one.at - other.at);
    const completed = steps.findLast(({ what }) => what.endsWith('keptnworkloadversions/status'));
    const ofTasks = ofJobs.map(({ createdAt, endedAt = Number.NaN }) => endedAt - createdAt);
    return {
      workload,
      releasedAfter: lifted.at - pod.createdAt,
      completedAfter: (completed?.at ?? Number.NaN) + (completed?.tookMs ?? 0),
      ofPods: ofTasks.reduce((sum, ms) => sum + ms, ready.at - lifted.at),
      steps: numbered(steps),
    };
  });
}

/** Every version on a line of its own, and above them all steps with the moment at which half of the versions had come to it. */
export function shown(lines: readonly TimeLine[]): string {
  const sorted = lines.toSorted((one, other) => one.releasedAfter - other.releasedAfter);
  const all = Map.groupBy(
    lines.flatMap(({ steps }) => steps),
    ({ what }) => what,
  );
  const middle = [...all]
    .map(([what, steps]) => ({
      what,
      count: steps.length,
      at: median(steps.map(({ at }) => at)),
      late: quantile(
        steps.map(({ at }) => at),
        0.9,
      ),
      tookMs: median(steps.map(({ tookMs }) => tookMs)),
    }))
    .toSorted((one, other) => one.at - other.at);
  const table = middle.map(
    ({ what, count, at, late, tookMs }) =>
      `${columns(at, late, tookMs)}  ${String(count).padStart(4)} ×  ${what}`,
  );
  const each = sorted.map(({ workload, releasedAfter, steps }) => {
    const ours = steps.filter(({ what }) => !what.startsWith('others') && !what.includes('events'));
    const text = ours.map(({ what, at }) => `${what.replace(/^\S+\s+/u, '')} ${Math.round(at)}`);
    return `${workload} (${Math.round(releasedAfter)}): ${text.join(' · ')}`;
  });
  return [
    '  half by   90 % by     took          step (ms since the Pod of the version was there)',
    ...table,
    '',
    ...each,
  ].join('\n');
}

function columns(...values: readonly number[]): string {
  return values.map((value) => value.toFixed(0).padStart(8)).join('  ');
}

function stepOf({ verb, resource, userAgent, receivedMs, answeredMs, code }: Write): Step {
  const who = userAgent.startsWith('sluice/') ? 'sluice ' : 'others ';
  const short = resource.replace(/\.(?:lifecycle\.keptn\.sh|batch|apps)/u, '');
  const refused = code >= 200 && code < 300 ? '' : ` ${code}`;
  return {
    what: `${who} ${verb} ${short}${refused}`,
    at: receivedMs,
    tookMs: answeredMs - receivedMs,
  };
}

function numbered(steps: readonly Step[]): readonly Step[] {
  const counts = new Map<string, number>();
  return steps.map((step) => {
    const count = (counts.get(step.what) ?? 0) + 1;
    counts.set(step.what, count);
    return count === 1 ? step : { ...step, what: `${step.what} (${count})` };
  });
}
