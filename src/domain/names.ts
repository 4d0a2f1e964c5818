import { withoutEnd, withoutStart } from '../api/text/text-edges.ts';
import { sha256, suffix, suffixLength } from './hash.ts';

/**
 * Names of the objects Sluice makes. Those of apps, workloads and versions are Keptn's, byte for byte, wherever the API
 * server accepts Keptn's; otherwise, and for everything Keptn names at random, they end in a hash of what the object is.
 */

const longestName = 253;
const shortestPart = 80;
/** The name of a Job is also the value of a label on its Pods. */
const longestJobName = 63;
const suffixWithDash = suffixLength + 1;
/** A Job is named after its task and adds a suffix of its own. */
const longestChildName = longestJobName - suffixWithDash;

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether the API server takes this as the name of an object (RFC 1123 subdomain). */
export function isLegalName(name: string): boolean {
  return name.length <= longestName && subdomain.test(name);
}

/**
 * Keptn's name rule: the parts joined by `-`, in lower case, `_` as `-`. If that is too long, parts from the first to the
 * last but one are cut, none below `shortest` characters (halved until all parts could have that many). The last part is
 * never cut and nothing else is replaced, so the result may be illegal. Keptn counts bytes; the two differ only for names
 * that are illegal anyway.
 */
export function resourceName(
  parts: readonly string[],
  limits: { longest: number; shortest: number } = { longest: longestName, shortest: shortestPart },
): string {
  const whole = parts.join('-');
  // The usual case, and on the path of every admission.
  if (whole.length <= limits.longest) return normalised(whole);
  let { shortest } = limits;
  while (parts.length * shortest > limits.longest) shortest = Math.floor(shortest / 2);
  const cut = [...parts];
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const excess = cut.join('-').length - limits.longest;
    if (excess <= 0) break;
    if (part.length > shortest)
      cut[index] = part.slice(0, Math.max(part.length - excess, shortest));
  }
  return normalised(cut.join('-'));
}

function normalised(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** First eight hex digits of the SHA-256 of the decimal generation: the last part of a KeptnAppVersion's name. */
export function generationHash(generation: number): string {
  return sha256(String(generation)).slice(0, 8);
}

/** The name of a KeptnApp and of its KeptnAppCreationRequest and KeptnAppContext. */
export function appName(app: string): string {
  return legalName([app]);
}

export function appVersionName(app: string, version: string, generation: number): string {
  return legalName([app, version, generationHash(generation)]);
}

export function workloadName(app: string, workload: string): string {
  return legalName([app, workload]);
}

/** `workload` is the name of the KeptnWorkload, which begins with the app's. */
export function workloadVersionName(workload: string, version: string): string {
  return legalName([workload, version]);
}

/**
 * The name with a hash of `parts` appended: for the second of two different things that Keptn's rule gives one name, and
 * for what has no legal name by that rule.
 */
export function hashedName(name: string, parts: readonly string[]): string {
  return withSuffix(name, parts, longestName);
}

/** What makes a task or evaluation of a phase this one and no other. */
export interface ChildIdentity {
  readonly checkType: string;
  readonly definition: string;
  readonly parentUid: string;
  readonly phase: string;
  /** What it is to its parent, for example `task` or `evaluation`. */
  readonly role: string;
  readonly attempt: number;
  /** How many names turned out to be taken by something else. */
  readonly collisionCount: number;
}

/** `<checkType>-<definition>-<suffix>`, short enough that a Job can be named after it. */
export function childName(child: ChildIdentity): string {
  const identity = [
    child.parentUid,
    child.phase,
    child.definition,
    child.role,
    String(child.attempt),
    ...collision(child.collisionCount),
  ];
  return withSuffix(`${child.checkType}-${child.definition}`, identity, longestChildName);
}

/** The name of the one Job of a task's attempt: the task's name, cut to fit, and a suffix; at most 63 characters. */
export function jobName(job: {
  taskName: string;
  taskUid: string;
  attempt: number;
  collisionCount: number;
}): string {
  const identity = ['job', job.taskUid, String(job.attempt), ...collision(job.collisionCount)];
  return withSuffix(job.taskName, identity, longestJobName);
}

/** The ConfigMap that holds the inline code of a definition: Keptn's name, a prefix and at most 253 characters. */
export function functionConfigMapName(definition: string): string {
  const name = `keptnfn-${definition}`.slice(0, longestName);
  return isLegalName(name) ? name : hashedName(name, ['function', definition]);
}

/** The ConfigMap with a copy of that code for one task in another namespace. */
export function functionCopyName(definition: string, taskUid: string): string {
  return hashedName(`keptnfn-${definition}`, ['function copy', definition, taskUid]);
}

/** The KeptnMetric by which an evaluation asks a query of its own; `provider` is empty where none is named. */
export function queryMetricName(query: {
  evaluation: string;
  uid: string;
  query: string;
  provider: string;
}): string {
  return hashedName(query.evaluation, ['query', query.uid, query.provider, query.query]);
}

/** A first name does not mention collisions, so that frozen names stay when the notion is extended. */
function collision(count: number): string[] {
  return count > 0 ? [`collision ${count}`] : [];
}

function legalName(parts: readonly string[]): string {
  const name = resourceName(parts);
  return isLegalName(name) ? name : hashedName(name, parts);
}

function withSuffix(stem: string, identity: readonly string[], longest: number): string {
  const kept = withoutEnd(legalised(stem).slice(0, longest - suffixWithDash), '-.');
  return kept === '' ? suffix(identity) : `${kept}-${suffix(identity)}`;
}

/** The text with everything replaced that a name may not have; may come out empty. */
function legalised(text: string): string {
  const legal = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    // No part between two dots may begin or end with a dash, or be empty.
    .replace(/[-.]+/g, (run) => (run.includes('.') ? '.' : run));
  return withoutStart(withoutEnd(legal, '-.'), '-.');
}
