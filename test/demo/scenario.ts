import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../src/api/builtin.ts';
import { lookupOver } from '../../src/cli/command/snapshot.ts';
import type { Finding } from '../../src/domain/explain/finding.ts';
import { whyPod } from '../../src/domain/explain/why-pod.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';
import { applyAll } from './apply.ts';
import {
  type Claim,
  hasSettled,
  heldClaims,
  nothingSeen,
  type Seen,
  seenIn,
  successClaims,
} from './expectations.ts';
import { isPodOf } from '../../src/cli/status/frame.ts';
import { wantedVersions, manifestsIn, namespacesOf } from './manifests.ts';
import { emptyScene, isHeld, type Scene } from '../../src/cli/status/scene.ts';
import { readScene } from './read-scene.ts';
import type { Screen } from '../../src/cli/status/screen.ts';

/** What a scenario plays on. */
export interface Stage {
  readonly screen: Screen;
  readonly cluster: TestCluster;
  readonly signal: AbortSignal;
  /** For each application that is applied. */
  readonly timeoutMs: number;
  /** What is applied in place of a manifest. */
  readonly asItRunsHere: (manifest: Manifest) => Manifest;
}

const samples = new URL('../../manifests/samples/shop/', import.meta.url).pathname;

/** How the second version of the sample fails, in the words of its task. */
export const failure = {
  workload: 'shop-cart',
  version: '2.0.0',
  because: 'p95 of checkout is 2.3 s, allowed is 0.8 s',
} as const;

/** The first version of the sample shop, which passes every check. */
export async function playFirstVersion(stage: Stage, metricsUrl: string): Promise<Claim[]> {
  const manifests = await manifestsIn(`${samples}v1`);
  const title = 'Shop, version 1: every check passes';
  return play(stage, { title, manifests: manifests.map((one) => askingAt(metricsUrl, one)) });
}

/** The manifest with its metrics provider at this address, as whoever has another Prometheus changes it. */
function askingAt(targetServer: string, manifest: Manifest): Manifest {
  if (manifest.kind !== 'KeptnMetricsProvider') return manifest;
  return { ...manifest, spec: { type: 'prometheus', targetServer } };
}

/** The second version of its cart, whose pre-deployment task fails. */
export async function playFailingVersion(
  stage: Stage,
): Promise<{ claims: Claim[]; heldPod: string }> {
  const manifests = await manifestsIn(`${samples}v2`);
  const title = 'Shop, version 2 of the cart: its load test fails';
  stage.screen.say(`${title}.`);
  await applyAll(stage.cluster, manifests, { ...stage, withinMs: stage.timeoutMs });
  const wanted = wantedVersions(manifests);
  const { scene, seen, settled } = await watch(stage, {
    title,
    namespaces: ['shop'],
    until: (now) => hasSettled(now, wanted),
    isExplainedAfterwards: true,
  });
  const heldPod =
    scene.pods.find((pod) => isHeld(pod) && isOfFailing(pod, scene))?.metadata.name ?? '';
  return { claims: [settled, ...heldClaims(scene, seen, failure)], heldPod };
}

function isOfFailing(pod: Pod, { workloadVersions }: Scene): boolean {
  return workloadVersions.some(
    (version) => version.spec.version === failure.version && isPodOf(pod, version),
  );
}

/** The manifests of a directory, until every version has ended. */
export async function playDirectory(stage: Stage, directory: string): Promise<Claim[]> {
  return play(stage, { title: directory, manifests: await manifestsIn(directory) });
}

/** What is applied together, and what it is called. */
interface Application {
  readonly title: string;
  readonly manifests: readonly Manifest[];
}

async function play(stage: Stage, { title, manifests }: Application): Promise<Claim[]> {
  const wanted = wantedVersions(manifests);
  stage.screen.say(`${title}.`);
  if (wanted.length === 0) {
    const says = `${title} holds workloads that name themselves (keptn.sh/workload)`;
    return [{ says, holds: false }];
  }
  await applyAll(stage.cluster, manifests, { ...stage, withinMs: stage.timeoutMs });
  const { scene, seen, settled } = await watch(stage, {
    title,
    namespaces: namespacesOf(manifests),
    until: (now) => hasSettled(now, wanted),
  });
  for (const line of table(scene)) stage.screen.sayAsIs(line);
  return [settled, ...successClaims(scene, seen)];
}

interface Watching {
  readonly title: string;
  readonly namespaces: readonly string[];
  readonly until: (scene: Scene) => boolean;
  /** Whether `sluice explain` says below why Pods stay held: the view then need not. */
  readonly isExplainedAfterwards?: boolean;
}

/** Shows the scene as it changes, until it is as awaited in two looks running or time is up. */
async function watch(
  stage: Stage,
  { title, namespaces, until, isExplainedAfterwards = false }: Watching,
): Promise<{ scene: Scene; seen: Seen; settled: Claim }> {
  const { screen, cluster, signal, timeoutMs } = stage;
  const deadline = Date.now() + timeoutMs;
  let scene = emptyScene;
  let seen = nothingSeen;
  let settledLooks = 0;
  while (settledLooks < 2 && Date.now() < deadline) {
    signal.throwIfAborted();
    scene = await readScene(cluster, namespaces);
    seen = seenIn(scene, seen);
    settledLooks = until(scene) ? settledLooks + 1 : 0;
    const why = isExplainedAfterwards ? undefined : whyHeld(scene);
    screen.show(scene, { title, ...(why && { why }) });
    await sleep(300, undefined, { signal });
  }
  screen.keep();
  const seconds = Math.round(timeoutMs / 1000);
  return {
    scene,
    seen,
    settled: { says: `it came to rest within ${seconds} s`, holds: settledLooks === 2 },
  };
}

/** Why a Pod of a failed version stays held. */
function whyHeld(scene: Scene): Finding | undefined {
  const lookup = lookupOver([
    ...scene.appVersions,
    ...scene.workloadVersions,
    ...scene.tasks,
    ...scene.evaluations,
  ]);
  return scene.pods
    .filter(isHeld)
    .map((pod) => whyPod(pod, lookup))
    .find(({ mark }) => mark === 'failed');
}

/** One line per version: what `kubectl get kav,kwv` would say, and how long it took. */
function table(scene: Scene): string[] {
  const rows = [...scene.appVersions, ...scene.workloadVersions].map(
    ({ kind, metadata, status }) => {
      const from = Date.parse(metadata.creationTimestamp ?? '');
      const to = Date.parse(status?.endTime ?? '');
      const took = Number.isNaN(to - from) ? '' : `${(to - from) / 1000} s`;
      return [kind, metadata.name, status?.currentPhase ?? '', status?.status ?? 'Pending', took];
    },
  );
  const lines = [['KIND', 'NAME', 'PHASE', 'STATUS', 'TOOK'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
