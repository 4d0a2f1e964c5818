import type { Pod } from '../../api/builtin.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { lists } from '../../domain/phase/newest-app-version.ts';
import { appPhases, type Phase, workloadPhases } from '../../domain/phase/phases.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import { troubleOf } from '../../domain/trouble.ts';
import { isPodOf } from './frame.ts';
import { isHeld, isReady, type Scene } from './scene.ts';

/** The scene for programs: application versions with their workloads, and workload versions that no application lists yet. */
export function statusJson(scene: Scene) {
  const workloadsOf = (own: readonly KeptnWorkloadVersion[]) =>
    own.map((version) => workloadJson(version, scene.pods));
  const listed = new Set<KeptnWorkloadVersion>();
  const applications = scene.appVersions.map((app) => {
    const own = scene.workloadVersions.filter(
      (version) => app.metadata.namespace === version.metadata.namespace && lists(app, version),
    );
    for (const version of own) listed.add(version);
    return {
      application: app.spec.appName,
      ...versionJson(app, appPhases),
      workloads: workloadsOf(own),
    };
  });
  const rest = scene.workloadVersions.filter((version) => !listed.has(version));
  return { applications, workloads: workloadsOf(rest) };
}

function workloadJson(version: KeptnWorkloadVersion, all: readonly Pod[]) {
  const pods = all.filter(
    (pod) => pod.metadata.namespace === version.metadata.namespace && isPodOf(pod, version),
  );
  return {
    workload: version.spec.workloadName,
    ...versionJson(version, workloadPhases),
    pods: {
      all: pods.length,
      held: pods.filter(isHeld).length,
      ready: pods.filter(isReady).length,
    },
  };
}

interface Version {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly version: string };
  readonly status?: VersionStatus;
}

function versionJson({ metadata, spec, status }: Version, phases: readonly Phase[]) {
  const trouble = troubleOf(status && { status });
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    version: spec.version,
    status: status?.status ?? 'Pending',
    phase: status?.currentPhase ?? '',
    phases: Object.fromEntries(
      phases.map(({ short, state }) => [short, status?.[state] ?? 'Pending']),
    ),
    ...(trouble && { reason: trouble.reason, message: trouble.message }),
    startTime: status?.startTime,
    endTime: status?.endTime,
  };
}
