import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { rule } from '../base/rule.ts';

/** With more applications than this in a namespace a slip is not looked for. */
const mostApps = 500;

/** A context counts for the application of its own name: one that is named nearly as an application is most often a slip. */
export const contextIsMisnamed = rule({
  id: 'context-name',
  title: 'A context that is named nearly as an application',
  why: 'A context counts for the application of its own name in its namespace. The checks of one that is misspelt never run, and nothing else tells.',
  fix: 'Give it the name of the application. If an application of its name comes later, nothing is to be done.',
  severity: 'advice',
  kinds: [KeptnAppContext],
  check({ metadata: { name, namespace } }, { lookup }) {
    const apps = new Set([
      ...lookup.list(KeptnAppVersion, namespace).map(({ spec }) => spec.appName),
      ...lookup.list(KeptnWorkload, namespace).map(({ spec }) => spec.app),
    ]);
    if (apps.has(name) || apps.size > mostApps) return [];
    const meant = nearestName(name, [...apps]);
    if (meant === undefined) return [];
    const message = `there is no application ${name} here, but one that is called ${meant}; a context counts for the application of its own name`;
    return [{ path: 'metadata.name', message }];
  },
});
