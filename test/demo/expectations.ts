import type { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { isNameOf, lists } from '../../src/domain/phase/newest-app-version.ts';
import { isTrue, conditionTypes } from '../../src/domain/conditions.ts';
import { isAtRest, isHeld, isReady, type Scene } from '../../src/cli/status/scene.ts';
import { isPodOf } from '../../src/cli/status/frame.ts';
import type { WantedVersion } from './manifests.ts';

/** Something the demo claims to have shown, and whether it is so. */
export interface Claim {
  readonly says: string;
  readonly holds: boolean;
}

/** What was seen on the way that the end no longer tells: the most Pods held at once, and Pods that started unreleased. */
export interface Seen {
  readonly heldAtOnce: number;
  readonly startedUnreleased: readonly string[];
}

export const nothingSeen: Seen = { heldAtOnce: 0, startedUnreleased: [] };

/** What was seen so far, and now. */
export function seenIn(scene: Scene, so: Seen): Seen {
  const held = scene.pods.filter(isHeld).length;
  const escaped = scene.pods
    .filter((pod) => pod.spec?.nodeName !== undefined && !isReleased(versionOf(pod, scene)))
    .map(({ metadata }) => metadata.name);
  return {
    heldAtOnce: Math.max(so.heldAtOnce, held),
    startedUnreleased: [...new Set([...so.startedUnreleased, ...escaped])],
  };
}

function versionOf(pod: Scene['pods'][number], scene: Scene): KeptnWorkloadVersion | undefined {
  return scene.workloadVersions.find((version) => isPodOf(pod, version));
}

function isReleased(version: KeptnWorkloadVersion | undefined): boolean {
  return (
    version?.status !== undefined && isTrue({ status: version.status }, conditionTypes.released)
  );
}

/** Whether every version that was asked for is there and listed by an app version, and no version moves any more. */
export function hasSettled(scene: Scene, wanted: readonly WantedVersion[]): boolean {
  const { workloadVersions, appVersions } = scene;
  const isThere = ({ workload, version }: WantedVersion): boolean =>
    workloadVersions.some(
      ({ spec }) =>
        isNameOf(spec.workloadName, spec.app, workload) &&
        (version === undefined || spec.version === version),
    );
  return (
    wanted.every(isThere) &&
    workloadVersions.every((version) => appVersions.some((app) => lists(app, version))) &&
    [...workloadVersions, ...appVersions].every(isAtRest)
  );
}

/** The versions that were not overtaken. */
function current<T extends KeptnAppVersion | KeptnWorkloadVersion>(versions: readonly T[]): T[] {
  return versions.filter(({ status }) => status?.status !== 'Deprecated');
}

/** What must be true when a version has come out well. */
export function successClaims(scene: Scene, seen: Seen): Claim[] {
  const versions = [...scene.appVersions, ...current(scene.workloadVersions)];
  return [
    ...versions.map((version) => ({
      says: `${version.kind} ${version.metadata.name} is Completed and Succeeded`,
      holds: version.status?.currentPhase === 'Completed' && version.status.status === 'Succeeded',
    })),
    { says: 'Pods were held before they were released', holds: seen.heldAtOnce > 0 },
    {
      says: 'no Pod started before its version was released',
      holds: seen.startedUnreleased.length === 0,
    },
    {
      says: 'every Pod is ready, none is held',
      holds: scene.pods.every((pod) => isReady(pod) && !isHeld(pod)),
    },
  ];
}

/** What must be true when a version of a workload has failed before its deployment. */
export function heldClaims(
  scene: Scene,
  seen: Seen,
  failing: { readonly workload: string; readonly version: string; readonly because: string },
): Claim[] {
  const version = scene.workloadVersions.find(
    ({ spec }) => spec.workloadName === failing.workload && spec.version === failing.version,
  );
  const pods = version === undefined ? [] : scene.pods.filter((pod) => isPodOf(pod, version));
  const older = scene.pods.filter((pod) => !pods.includes(pod));
  const explained = JSON.stringify([version?.status, scene.tasks.map(({ status }) => status)]);
  const name = `${failing.workload} ${failing.version}`;
  return [
    { says: `KeptnWorkloadVersion ${name} is Failed`, holds: version?.status?.status === 'Failed' },
    {
      says: `the KeptnAppVersion that lists it is Failed`,
      holds: scene.appVersions.some(
        (app) => version !== undefined && lists(app, version) && app.status?.status === 'Failed',
      ),
    },
    { says: `the Pods of ${name} are held`, holds: pods.length > 0 && pods.every(isHeld) },
    {
      says: `the failure says why: "${failing.because}"`,
      holds: explained.includes(failing.because),
    },
    {
      says: 'the Pods of version 1 go on serving',
      holds: older.length > 0 && older.every(isReady),
    },
    {
      says: 'no Pod started before its version was released',
      holds: seen.startedUnreleased.length === 0,
    },
  ];
}

/** Whether `sluice explain` has said these words, wherever it has broken its lines: that depends on the terminal's width. */
export function saysWords(output: string, words: string): boolean {
  return output.replaceAll(/[\s│]+/g, ' ').includes(words);
}
