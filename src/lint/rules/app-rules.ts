import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { contextIsMisnamed } from './context-name-rule.ts';
import { type Found, type Rule, rule } from '../base/rule.ts';

const listedTwice = rule({
  id: 'check-listed-twice',
  title: 'A check that is listed twice',
  why: 'A phase runs each of its definitions once.',
  fix: 'Remove one of them.',
  severity: 'doubtful',
  kinds: [KeptnAppContext],
  check: ({ spec }) =>
    (
      [
        'preDeploymentTasks',
        'postDeploymentTasks',
        'preDeploymentEvaluations',
        'postDeploymentEvaluations',
        'promotionTasks',
        'preDeploymentChecks',
        'postDeploymentChecks',
        'onSuccess',
        'onFailure',
      ] as const
    ).flatMap((field) => repeated(`spec.${field}`, spec[field] ?? [])),
});

const workloadTwice = rule({
  id: 'workload-listed-twice',
  title: 'A workload that is listed twice',
  why: 'A workload has one version in one version of an application.',
  fix: 'Remove one of them.',
  severity: 'doubtful',
  kinds: [KeptnApp],
  check: ({ spec }) =>
    repeated(
      'spec.workloads',
      (spec.workloads ?? []).map(({ name }) => name),
    ),
});

const outdatedLists = rule({
  id: 'app-lists-checks',
  title: 'Checks in a KeptnApp',
  why: 'Since v1beta1 they belong into the KeptnAppContext of the same name. Those of the KeptnApp run as long as there is none, and not beside it.',
  fix: 'Move them to a KeptnAppContext; `sluice convert` does it.',
  severity: 'advice',
  kinds: [KeptnApp],
  check: ({ spec, metadata }) =>
    (
      [
        'preDeploymentTasks',
        'postDeploymentTasks',
        'preDeploymentEvaluations',
        'postDeploymentEvaluations',
      ] as const
    )
      .filter((field) => (spec[field] ?? []).length > 0)
      .map((field) => ({
        path: `spec.${field}`,
        message: `runs only as long as there is no KeptnAppContext ${metadata.name}; write it into one ("sluice convert" does)`,
      })),
});

const spanLink = rule({
  id: 'span-link',
  title: 'A span link that is no traceparent',
  why: 'It is left out of the trace.',
  fix: 'Write a W3C traceparent: 00-<32 hex digits>-<16 hex digits>-01.',
  severity: 'doubtful',
  kinds: [KeptnAppContext],
  check: ({ spec }) =>
    (spec.spanLinks ?? []).flatMap((link, index) =>
      /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(link)
        ? []
        : [
            {
              path: `spec.spanLinks[${index}]`,
              message: `"${link.slice(0, 60)}" is no W3C traceparent and is left out; write 00-<32 hex digits>-<16 hex digits>-01`,
            },
          ],
    ),
});

/** The rules about applications. */
export const appRules: readonly Rule[] = [
  listedTwice,
  workloadTwice,
  outdatedLists,
  spanLink,
  contextIsMisnamed,
];

function repeated(path: string, names: readonly string[]): readonly Found[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const isSecond = seen.has(name);
    seen.add(name);
    const message = `${name} is listed twice; remove one of them`;
    return isSecond ? [{ path: `${path}[${index}]`, message }] : [];
  });
}
