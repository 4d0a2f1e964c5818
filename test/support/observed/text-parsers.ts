import { selects } from '../../../src/api/label-selector.ts';
import { isEqualJson } from '../../../src/api/json.ts';
import { runnerStatusIn } from '../../../src/api/runner-status.ts';
import { withoutEnd, withoutStart } from '../../../src/api/text/text-edges.ts';
import { keyValues } from '../../../src/config/key-values.ts';
import { collectorProblem } from '../../../src/domain/settings/collector-address.ts';
import { computedVersion } from '../../../src/domain/identity/computed-version.ts';
import { durationOr } from '../../../src/domain/go/duration.ts';
import { targetError } from '../../../src/domain/evaluation/evaluation-target.ts';
import { goJson } from '../../../src/domain/go/go-json.ts';
import { parseGoFloat } from '../../../src/domain/go/go-float.ts';
import { identityOf } from '../../../src/domain/identity/identity.ts';
import {
  appName,
  childName,
  functionConfigMapName,
  hashedName,
  isLegalName,
  jobName,
  workloadVersionName,
} from '../../../src/domain/names.ts';
import { nearestName } from '../../../src/domain/nearest-name.ts';
import { runnerImage } from '../../../src/domain/job/runner-image.ts';
import { shortened } from '../../../src/domain/shortened.ts';
import { parseTime } from '../../../src/domain/time.ts';
import { spanOf } from '../../../src/domain/trace/traceparent.ts';
import { cutToBytes } from '../../../src/kubernetes/events/event-series.ts';
import { isNearlyOurs } from '../../../src/lint/base/annotation-keys.ts';
import { looksSecret } from '../../../src/lint/base/looks-secret.ts';
import { providerUrl } from '../../../src/metrics-providers/address-policy.ts';
import { addressIn } from '../../../runner/address.ts';
import { durationMs, sizeInBytes } from '../../../runner/quantity.ts';
import { wordsOf } from '../../../runner/words.ts';

/** What reads text that anybody may have written; what it makes of it, or throws, does not matter here. */
export const textParsers: Readonly<Record<string, (text: string) => unknown>> = {
  'name of an object': isLegalName,
  'name of an app': appName,
  'name of a version': (text) => workloadVersionName(text, text),
  'name with a hash': (text) => hashedName(text, [text]),
  'name of a ConfigMap': functionConfigMapName,
  'name of a task': (text) =>
    childName({
      checkType: 'pre',
      definition: text,
      parentUid: 'uid',
      phase: 'phase',
      role: 'task',
      attempt: 1,
      collisionCount: 0,
    }),
  'name of a Job': (text) =>
    jobName({ taskName: text, taskUid: 'uid', attempt: 1, collisionCount: 0 }),
  'a similar name': (text) => nearestName(text, ['keptn.sh/workload', 'keptn.sh/app']),
  'a similar key': isNearlyOurs,
  'edges of a text': (text) => withoutStart(withoutEnd(text, '-./0 '), '-./0 '),
  'a shortened text': (text) => [shortened(text, 300), cutToBytes(text, 1000)],
  duration: (text) => durationOr(text, 0),
  'duration of the runner': durationMs,
  'size of the runner': sizeInBytes,
  'words of a command': wordsOf,
  time: parseTime,
  number: parseGoFloat,
  'evaluation target': (text) => [targetError(text), targetError(`>${text}`)],
  traceparent: (text) => [spanOf(text), spanOf(`00-${text}`)],
  image: (text) => [runnerImage(text), versionOfImage(text)],
  'address of a collector': (text) => [
    collectorProblem(text),
    collectorProblem(`http://c/${text}`),
  ],
  'address of a provider': (text) => [providerAt(text), providerAt(`http://p/${text}`)],
  'address of the runner': addressIn,
  'key=value pairs': (text) => keyValues('pairs', { areHeaders: true }).read(text),
  'label selector': (text) => selects(text),
  'report of a runner': (text) => [runnerStatusIn(text), runnerStatusIn(`{"status":"${text}`)],
  'a secret by its looks': (text) => [looksSecret(text, text), looksSecret('token', text)],
  'annotations of a Pod': identityIn,
  'JSON as Go writes it': goJson,
  'equal JSON': (text) => isEqualJson({ text }, { text: `${text} ` }),
};

function versionOfImage(image: string): unknown {
  return computedVersion([{ name: 'main', image }], { fromImageTag: true });
}

function providerAt(address: string): unknown {
  return providerUrl(address, { allow: new Set(), apiServers: [] });
}

const reference = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'r',
  uid: 'u',
  controller: true,
};

function identityIn(text: string): unknown {
  const annotations = {
    'keptn.sh/app': text,
    'keptn.sh/workload': text,
    'keptn.sh/version': text,
    'keptn.sh/pre-deployment-tasks': text,
    'keptn.sh/metadata': text,
  };
  const metadata = { name: 'pod', annotations, ownerReferences: [reference] };
  const missing = {
    kind: { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
    name: '',
  };
  return identityOf({ metadata }, { type: 'unknown', reference, missing });
}

/** What is repeated to keep a parser busy: what its grammar has several readings for. */
export const hostileTexts: readonly string[] = [
  '-',
  '.',
  '-.',
  '/',
  '//',
  '0',
  '1_',
  '1s',
  '1.',
  '1',
  '_',
  '"',
  '\\"',
  "'",
  "'a",
  ' ',
  '\n',
  ' \n',
  ',',
  'a,',
  '=',
  'a=b,',
  '(',
  '(,',
  ':',
  ':1',
  '@',
  '[',
  ']',
  '[]',
  '{',
  '{"a":',
  'a',
  'A',
  'aA',
  'é',
  '\u{1f600}',
  '\u{fffd}',
  '\ud800',
  '%',
  '$(',
  '<',
  'e+',
  '0x',
  'inf',
  '00-',
  '\u0000',
  '~',
  '\\',
];

/** The answer of a parser, whatever it is. */
export function attempt(parse: (text: string) => unknown, text: string): void {
  try {
    parse(text);
  } catch {
    // A refusal takes its time as well.
  }
}
