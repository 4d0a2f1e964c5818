import { styleText } from 'node:util';
import { visibleText } from '../../api/text/visible-text.ts';
import type { Pod } from '../../api/builtin.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { findingText, icon } from '../explain/finding-text.ts';
import { type Finding, markOf } from '../../domain/explain/finding.ts';
import { identityOf } from '../../domain/identity/identity.ts';
import { isNameOf } from '../../domain/phase/newest-app-version.ts';
import { ownerChainOf } from '../../domain/owner/owner-chain.ts';
import { appPhases, type Phase, workloadPhases } from '../../domain/phase/phases.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import { linesBelow } from './check-lines.ts';
import { cut, widthOf } from './columns.ts';
import { lookupOver } from '../command/snapshot.ts';
import { isHeld, isReady, type Scene } from './scene.ts';

/** What a frame shows beside the scene. */
export interface Caption {
  /** Stands above it; nothing does, if not given. */
  readonly title?: string;
  readonly elapsedMs: number;
  readonly columns: number;
  /** Height of the terminal; undefined for as tall as it gets. */
  readonly rows?: number;
  readonly inColor: boolean;
  /** Milliseconds since the Unix epoch, for ages; the clock of the machine if it is left out. */
  readonly now?: number;
  /** Shown below the versions: why something stays held. */
  readonly why?: Finding;
}

/**
 * The scene as lines of a terminal, none wider than it and no more than it has rows:
 *
 *     App shop 1.0.0          ✔ pre-tasks  ✔ pre-evals  ◌ deploy  · post-tasks  · post-evals  · promotion
 *       cart 1.0.0            ✔ pre-tasks  ◌ pre-evals  · deploy  · post-tasks  · post-evals    □□ held
 *         ◌ few-waiting-orders Progressing
 *
 * Where that is too wide, only the phase that runs or has failed is named: `✔✔ ◌ deploy ···`. Where it is too tall, what is
 * through goes first; what holds Pods stays longest.
 */
export function frame(scene: Scene, caption: Caption): string[] {
  const { title, elapsedMs, columns, inColor, why, rows, now = Date.now() } = caption;
  const bold = (text: string): string =>
    inColor ? styleText('bold', text, { validateStream: false }) : text;
  const head =
    title === undefined ? [] : [`${bold(title)}  ${(elapsedMs / 1000).toFixed(0)} s`, ''];
  const paper = { inColor, columns, now };
  const reason = why === undefined ? [] : ['', ...findingText(why, paper).split('\n')];
  const room = rows === undefined ? undefined : rows - head.length - reason.length;
  const wide = blocksOf(scene, { inColor, now, phases: 'named' });
  const fits = wide.every(({ lines }) => lines.every((line) => widthOf(line) <= columns));
  const blocks = fits ? wide : blocksOf(scene, { inColor, now, phases: 'signs' });
  return [...head, ...fitting(blocks, room), ...reason].map((line) => cut(line, columns));
}

/** The lines of one version, and how much they matter while there is not room for all. */
interface Block {
  readonly lines: readonly string[];
  readonly matters: 'through' | 'on its way' | 'holds Pods';
}

interface Style {
  readonly inColor: boolean;
  readonly now: number;
  readonly phases: 'named' | 'signs';
}

function blocksOf(scene: Scene, style: Style): Block[] {
  return [
    ...scene.appVersions.flatMap((app) => appBlocks(app, scene, style)),
    ...orphans(scene).map((version) => workloadBlock(version, scene, style)),
  ];
}

/** As many blocks as there is room for, in their order, and a line that counts the others. */
function fitting(blocks: readonly Block[], room: number | undefined): string[] {
  const height = (some: readonly Block[]): number =>
    some.reduce((sum, { lines }) => sum + lines.length, 0);
  let kept = blocks;
  for (const matters of ['through', 'on its way', 'holds Pods'] as const) {
    for (const block of blocks.filter((one) => one.matters === matters).toReversed()) {
      const lineOfCount = kept.length < blocks.length ? 1 : 0;
      if (room === undefined || height(kept) + lineOfCount <= room) break;
      kept = kept.filter((one) => one !== block);
    }
  }
  const left = blocks.length - kept.length;
  const count = left === 0 ? [] : [`  … and ${left} more version${left === 1 ? '' : 's'}`];
  return [...kept.flatMap(({ lines }) => lines), ...count];
}

function appBlocks(app: KeptnAppVersion, scene: Scene, style: Style): Block[] {
  const own = scene.workloadVersions
    .filter((version) => newestAppVersion(version, scene) === app)
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const lines = [
    `${visibleText(`App ${placeOf(app, scene)}${app.spec.appName} ${app.spec.version}`).padEnd(26)} ${strip(appPhases, app.status, style)}`,
    ...linesBelow(appPhases, { version: app, scene, paper: style }).map((line) => `    ${line}`),
  ];
  const workloads = own.map((version) => workloadBlock(version, scene, style));
  const isThrough = markOf(app.status?.status) === 'done';
  return [{ lines, matters: isThrough ? 'through' : 'holds Pods' }, ...workloads];
}

/** `shop-team/` where more than one Namespace is shown. */
function placeOf({ metadata: { namespace } }: KeptnAppVersion, scene: Scene): string {
  const isAlone = scene.appVersions.every((one) => one.metadata.namespace === namespace);
  return isAlone ? '' : `${namespace ?? ''}/`;
}

function workloadBlock(version: KeptnWorkloadVersion, scene: Scene, style: Style): Block {
  const { app, workloadName, version: number } = version.spec;
  const name = workloadName.startsWith(`${app}-`)
    ? workloadName.slice(app.length + 1)
    : workloadName;
  const pods = scene.pods.filter((pod) => isPodOf(pod, version));
  const lines = [
    `${visibleText(`  ${name} ${number}`).padEnd(26)} ${strip(workloadPhases, version.status, style)}   ${podStrip(pods, style.inColor)}`,
    ...linesBelow(workloadPhases, { version, scene, paper: style }).map((line) => `      ${line}`),
  ];
  if (pods.some(isHeld)) return { lines, matters: 'holds Pods' };
  const isThrough = markOf(version.status?.status) === 'done';
  return { lines, matters: isThrough ? 'through' : 'on its way' };
}

/** Versions no app version lists yet. */
function orphans(scene: Scene): KeptnWorkloadVersion[] {
  return scene.workloadVersions.filter((version) => newestAppVersion(version, scene) === undefined);
}

/** The app version a workload version is shown under: the newest that lists it. */
function newestAppVersion(
  version: KeptnWorkloadVersion,
  scene: Scene,
): KeptnAppVersion | undefined {
  const { app, workloadName, version: number } = version.spec;
  return scene.appVersions.findLast(
    ({ metadata, spec }) =>
      metadata.namespace === version.metadata.namespace &&
      spec.appName === app &&
      spec.workloads?.some(
        (entry) => entry.version === number && isNameOf(workloadName, app, entry.name),
      ) === true,
  );
}

/** Whether the Pod carries this version. */
export function isPodOf(pod: Pod, { metadata, spec }: KeptnWorkloadVersion): boolean {
  if (pod.metadata.namespace !== metadata.namespace) return false;
  const identity = identityOf(pod, ownerChainOf(pod, lookupOver([])));
  return (
    identity.type === 'annotated' &&
    identity.app === spec.app &&
    identity.version === spec.version &&
    isNameOf(spec.workloadName, spec.app, identity.workload)
  );
}

const shortNames: Readonly<Record<Phase['state'], string>> = {
  preDeploymentStatus: 'pre-tasks',
  preDeploymentEvaluationStatus: 'pre-evals',
  workloadOverallStatus: 'deploy',
  deploymentStatus: 'deploy',
  postDeploymentStatus: 'post-tasks',
  postDeploymentEvaluationStatus: 'post-evals',
  promotionStatus: 'promotion',
};

function strip(
  phases: readonly Phase[],
  status: VersionStatus | undefined,
  { inColor, phases: shown }: Style,
): string {
  const signs = phases.map(({ short, state }) => {
    const isOpen =
      status?.[state] === undefined ||
      status[state] === 'Pending' ||
      status[state] === 'Deprecated';
    const isCurrent = status?.currentPhase === short || status?.[state] === 'Failed';
    const sign = isOpen && !isCurrent ? '·' : icon(markOf(status?.[state]), inColor);
    return { sign, name: shortNames[state], isCurrent };
  });
  return shown === 'named'
    ? signs.map(({ sign, name }) => `${sign} ${name}`).join('  ')
    : signs.map(({ sign, name, isCurrent }) => (isCurrent ? ` ${sign} ${name} ` : sign)).join('');
}

function podStrip(pods: readonly Pod[], inColor: boolean): string {
  if (pods.length === 0) return '';
  const held = pods.filter(isHeld).length;
  const squares = pods.map((pod) => {
    if (isHeld(pod)) return painted('□', 'yellow', inColor);
    return isReady(pod) ? painted('■', 'green', inColor) : painted('▣', 'cyan', inColor);
  });
  const ready = pods.filter(isReady).length;
  const words = held > 0 ? `${held} held` : `${ready} of ${pods.length} ready`;
  return `${squares.join('')} ${words}`;
}

function painted(text: string, color: 'yellow' | 'green' | 'cyan', inColor: boolean): string {
  return inColor ? styleText(color, text, { validateStream: false }) : text;
}
