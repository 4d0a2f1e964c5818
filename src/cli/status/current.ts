import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { lists } from '../../domain/phase/newest-app-version.ts';
import { isPodOf } from './frame.ts';
import { isHeld, type Scene } from './scene.ts';

/**
 * What matters now: of each application the newest version, of each workload the newest and those that its application's
 * version lists or whose Pods are held. With `app`, of that application alone.
 */
export function currentScene(scene: Scene, app?: string): Scene {
  const appVersions = newestOf(
    scene.appVersions.filter(({ spec }) => app === undefined || spec.appName === app),
    ({ metadata, spec }) => `${metadata.namespace ?? ''}/${spec.appName}`,
  );
  const candidates = scene.workloadVersions.filter(
    ({ spec }) => app === undefined || spec.app === app,
  );
  const newest = new Set(
    newestOf(
      candidates,
      ({ metadata, spec }) => `${metadata.namespace ?? ''}/${spec.workloadName}`,
    ),
  );
  const held = scene.pods.filter(isHeld);
  const workloadVersions = candidates.filter(
    (version) =>
      newest.has(version) ||
      appVersions.some((one) => isIn(one, version)) ||
      held.some(
        (pod) => pod.metadata.namespace === version.metadata.namespace && isPodOf(pod, version),
      ),
  );
  return { ...scene, appVersions, workloadVersions };
}

function isIn(app: KeptnAppVersion, version: KeptnWorkloadVersion): boolean {
  return app.metadata.namespace === version.metadata.namespace && lists(app, version);
}

/** Of each group the last; they come oldest first. */
function newestOf<T>(versions: readonly T[], groupOf: (version: T) => string): readonly T[] {
  const newest = new Map(versions.map((version) => [groupOf(version), version]));
  return versions.filter((version) => newest.get(groupOf(version)) === version);
}
