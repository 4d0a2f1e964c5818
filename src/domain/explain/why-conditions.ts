import { defined } from '../../api/json.ts';
import type { KeptnConfig } from '../../api/keptn/config.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Condition, KubernetesObject } from '../../api/object.ts';
import { conditionOf, conditionTypes, isTrue } from '../conditions.ts';
import { type Lookup } from '../lookup.ts';
import type { Facts } from './facts.ts';
import { type Finding, findingAbout, type Mark } from './finding.ts';
import { whyWorkloadVersion } from './why-version.ts';

/*
 * What runs to no end (definitions, contexts, settings, workloads) stands as its conditions say: whether it is ready, and whether
 * everything that it names is there.
 */

type Conditioned = KubernetesObject & { status?: { conditions?: Condition[] } };

/** How a definition or an application context stands: what is wrong with it or missing, or that nothing is. */
export function whyDefinition(definition: Conditioned): Finding {
  return findingAbout(definition, standingOf(definition));
}

/** Which KeptnConfig rules, and what is wrong with this one. */
export function whyConfig(config: KeptnConfig): Finding {
  const ignored = conditionOf(config, conditionTypes.ignored);
  if (ignored?.status !== 'True') return findingAbout(config, standingOf(config));
  return findingAbout(config, {
    mark: 'warning',
    says: `has no effect: ${ignored.message}`,
    facts: factsOf(ignored),
  });
}

/** How a workload stands, and the version of it that is current; of one that no owner carries any more, why it is kept. */
export function whyWorkload(workload: KeptnWorkload, lookup: Lookup): Finding {
  const retired = conditionOf(workload, conditionTypes.retired);
  if (retired?.status === 'True') {
    return findingAbout(workload, {
      mark: 'warning',
      says: `is current no more: ${retired.message}`,
      facts: factsOf(retired),
    });
  }
  const current = new Set([
    workload.spec.version,
    ...(workload.status?.owners ?? []).map(({ version }) => version),
  ]);
  const versions = lookup
    .byOwner(KeptnWorkloadVersion, workload.metadata.uid ?? '')
    .filter(({ spec }) => current.has(spec.version));
  const because = versions.map((version) => whyWorkloadVersion(version, lookup));
  const standing = standingOf(workload);
  return findingAbout(workload, {
    ...standing,
    mark: because.some(({ mark }) => mark === 'failed') ? 'failed' : standing.mark,
    says: standing.mark === 'done' ? `version ${workload.spec.version} is current` : standing.says,
    because,
  });
}

function standingOf(object: Conditioned): { mark: Mark; says: string; facts: Facts } {
  const ready = conditionOf(object, conditionTypes.ready);
  const refs = conditionOf(object, conditionTypes.resolvedRefs);
  const wrong = [ready, refs].find((one) => one?.status === 'False');
  if (wrong === undefined) {
    return {
      mark: 'done',
      says: ready?.message || 'nothing is wrong with it',
      facts: factsOf(ready),
    };
  }
  // What is only missing may still come.
  const mark = wrong === refs && !isTrue(object, conditionTypes.stalled) ? 'waiting' : 'failed';
  return { mark, says: wrong.message, facts: factsOf(wrong) };
}

function factsOf(condition: Condition | undefined): Facts {
  return defined({ reason: condition?.reason, message: condition?.message });
}
