import { ruleContextOf } from '../lint/base/rule-context.ts';
import { defined, isEqualJson } from '../api/json.ts';
import type { AdmissionRequest } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import { isJudgedKey } from '../lint/base/annotation-keys.ts';
import { nodeNameIsSet } from '../lint/workload/node-name-rule.ts';
import type { Places } from '../domain/settings/places.ts';
import type { Problem } from '../lint/base/rule.ts';
import { problemsOf } from '../lint/rules.ts';
import { tooLongIn } from '../lint/workload/workload-rules.ts';
import {
  entriesOf,
  identityOfManifest,
  parseWorkload,
  type WorkloadContext,
  type WorkloadManifest,
} from '../lint/workload/workload-manifest.ts';
import { verdictOn, warningsOf } from './judgement.ts';
import { allow, deny, type Verdict, warn } from './verdict.ts';
import {
  failedVersion,
  isReleasedOtherwise,
  isSameTemplate,
  type Reviewed,
} from './workload-release.ts';

/** What the composition root hands to the workload webhook. */
export interface WorkloadSettings extends Places {
  /** How the caches tell Pod templates apart; without it, what an update replaces is all that is known. */
  readonly templateDigest?: ((template: unknown) => string) | undefined;
}

/**
 * Tells people about their Deployment, StatefulSet, DaemonSet or Rollout what only its Pods would show: people apply these,
 * not Pods (design, "Validation"). Outside of strict mode it denies only what is too long to be read and what no gate could hold,
 * and never what is only
 * missing, because objects may arrive in any order. An update that changes nothing it judges by is none of its business: controllers write to
 * these objects, too, and must never be held up for what a user has written.
 */
export function reviewWorkload(
  request: AdmissionRequest,
  lookup: Lookup,
  settings: WorkloadSettings,
): Verdict {
  const workload = manifestOf(request.object, request);
  // What cannot be read is the API server's business.
  if (workload === undefined || workload.metadata.deletionTimestamp !== undefined) return allow();
  const before = manifestOf(request.oldObject, request);
  if (before !== undefined && isSameForRules(before, workload)) return allow();
  const context = ruleContextOf(lookup, settings);
  const unreadable = tooLongIn(workload, context);
  if (unreadable.length > 0 && !isEqualJson(unreadable, before && tooLongIn(before, context))) {
    return deny(subjectOf(request), unreadable);
  }
  const reviewed = (of: WorkloadManifest): Reviewed => ({
    workload: of,
    identity: identityOfManifest(of, context),
  });
  const known: WorkloadContext = {
    ...context,
    isReleasedOtherwise: isReleasedOtherwise(reviewed(workload), before && reviewed(before), {
      lookup,
      templateDigest: settings.templateDigest,
    }),
    failedVersion: failedVersion(reviewed(workload), lookup),
  };
  const problems = problemsOf(workload, known);
  const advised = problems.some(({ rule }) => rule.severity === 'advice');
  const old = advised && before !== undefined ? problemsOf(before, context) : [];
  return verdictOnWorkload(news(problems, old), request, context.settings.strictValidation);
}

/** Advice is given once, when it begins to apply: what is said at every roll-out is read at none. */
function news(problems: readonly Problem[], before: readonly Problem[]): readonly Problem[] {
  const known = new Set(before.map(({ rule: { id } }) => id));
  return problems.filter(({ rule: { id, severity } }) => severity !== 'advice' || !known.has(id));
}

function verdictOnWorkload(
  problems: readonly Problem[],
  request: AdmissionRequest,
  isStrict: boolean,
): Verdict {
  const isBypass = ({ rule }: Problem): boolean => rule.id === nodeNameIsSet.id;
  if (!isStrict && !problems.some(isBypass)) return warn(...warningsOf(problems));
  const subject = subjectOf(request);
  if (isStrict) return verdictOn(problems, { subject, isStrict });
  const { message, causes } = deny(subject, problems.filter(isBypass));
  const others = problems.filter((problem) => !isBypass(problem));
  return { type: 'denied', message, causes, warnings: warningsOf(others) };
}

function subjectOf({ kind: { group, kind }, name = '' }: AdmissionRequest): string {
  return `${kind}.${group} "${name}"`;
}

/** The workload of a request as rules read it; undefined for what cannot be read. */
export function manifestOf(
  raw: unknown,
  { namespace }: AdmissionRequest,
): WorkloadManifest | undefined {
  const parsed = parseWorkload(raw);
  if (!parsed.ok) return undefined;
  const { metadata } = parsed.value;
  return {
    ...parsed.value,
    metadata: { ...metadata, ...defined({ namespace }) },
  };
}

/** Whether rules judge two states of a workload by the same things. */
function isSameForRules(one: WorkloadManifest, other: WorkloadManifest): boolean {
  return (
    one.spec.progressDeadlineSeconds === other.spec.progressDeadlineSeconds &&
    isEqualJson(one.spec.strategy ?? null, other.spec.strategy ?? null) &&
    isEqualJson(one.spec.updateStrategy ?? null, other.spec.updateStrategy ?? null) &&
    isSameTemplate(one.spec.template, other.spec.template) &&
    isEqualJson(judgedEntries(one), judgedEntries(other))
  );
}

function judgedEntries(workload: WorkloadManifest): unknown {
  const judged = entriesOf(workload).filter(({ key }) => isJudgedKey(key));
  return Object.fromEntries(judged.map(({ path, value }) => [path, value]));
}
