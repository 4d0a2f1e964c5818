import type { Job } from '../../api/builtin.ts';
import { fieldOf, isJsonObject } from '../../api/json.ts';

/**
 * Whether a Job that was found is the one that would be made, when nothing but its content can tell: a process that made it
 * may not have come to record it, and a user who may create Jobs can make another one under its name and owner. What is set must
 * be there as it is set; beside it only what an API server fills in, and what holds a Job back (`suspend`, a deadline), which
 * cannot make it succeed. A second container, a command, an environment variable or `completions: 0` could.
 *
 * Metadata is not compared: webhooks of others label Jobs, and no label makes a container succeed.
 */
export function isJobAsMade(found: Job, wanted: Job): boolean {
  const { template: _found, ...settings } = found.spec;
  const { template: _wanted, ...wantedSettings } = wanted.spec;
  return (
    matches(wantedSettings, settings, jobExtras) &&
    matches(wanted.spec.template.spec, found.spec.template.spec, templateExtras(wanted))
  );
}

/** Whether a field that was not set may have this value. */
type Extras = Readonly<Record<string, (value: unknown) => boolean>>;

const anything = (): boolean => true;
const only =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const empty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const jobExtras: Extras = {
  activeDeadlineSeconds: anything,
  backoffLimit: anything,
  completionMode: only('NonIndexed'),
  completions: only(1),
  manualSelector: only(false),
  parallelism: only(1),
  podReplacementPolicy: anything,
  // Of the Job's own uid, unless manualSelector says otherwise.
  selector: anything,
  suspend: anything,
};

/** What the API server fills in, at whatever depth it stands. */
const defaults: Extras = {
  apiVersion: only('v1'),
  defaultMode: only(420),
  divisor: only('0'),
  dnsPolicy: only('ClusterFirst'),
  failureThreshold: only(3),
  imagePullPolicy: only('Always', 'IfNotPresent'),
  periodSeconds: only(10),
  protocol: only('TCP'),
  resources: empty,
  schedulerName: only('default-scheduler'),
  scheme: only('HTTP'),
  securityContext: empty,
  successThreshold: only(1),
  terminationGracePeriodSeconds: only(30),
  terminationMessagePath: only('/dev/termination-log'),
  terminationMessagePolicy: only('File'),
  timeoutSeconds: only(1),
  type: only(''),
};

/** The older name of `serviceAccountName`, which the API server keeps equal to it. */
function templateExtras({ spec }: Job): Extras {
  return { ...defaults, serviceAccount: only(spec.template.spec['serviceAccountName']) };
}

/** Containers of a Pod and what is in them, compared with what was asked for. */
function matches(wanted: unknown, found: unknown, extras: Extras): boolean {
  if (found === undefined) return isOmitted(wanted);
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      wanted.length === found.length &&
      wanted.every((item, index) => matches(item, found[index], defaults))
    );
  }
  if (!isJsonObject(wanted)) return wanted === found;
  if (!isJsonObject(found)) return false;
  const keys = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...keys].every((key) => {
    if (wanted[key] === undefined) return extras[key]?.(found[key]) ?? false;
    return (
      matches(wanted[key], found[key], defaults) ||
      (quantityFields.has(key) && sameQuantities(wanted[key], found[key]))
    );
  });
}

/** The API server leaves out what is empty. */
function isOmitted(wanted: unknown): boolean {
  if (wanted === undefined || wanted === null || wanted === '') return true;
  return Array.isArray(wanted) ? wanted.length === 0 : empty(wanted);
}

/** Fields with quantities, which the API server writes in a spelling of its own: `1024Mi` as `1Gi`. */
const quantityFields: ReadonlySet<string> = new Set(['limits', 'requests', 'sizeLimit']);

function sameQuantities(wanted: unknown, found: unknown): boolean {
  if (!isJsonObject(wanted)) return sameQuantity(wanted, found);
  const keys = Object.keys(wanted);
  return (
    isJsonObject(found) &&
    keys.length === Object.keys(found).length &&
    keys.every((key) => sameQuantity(wanted[key], fieldOf(found, key)))
  );
}

function sameQuantity(wanted: unknown, found: unknown): boolean {
  const [one, other] = [valueOf(wanted), valueOf(found)];
  return one !== undefined && one === other;
}

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function valueOf(quantity: unknown): number | undefined {
  const text = typeof quantity === 'number' ? String(quantity) : quantity;
  if (typeof text !== 'string' || text.length > 64) return undefined;
  const [, number = '', unit = ''] =
    /^([+-]?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,3})?)([a-zA-Z]{0,2})$/.exec(text) ?? [];
  const factor = factors[unit];
  return number === '' || factor === undefined ? undefined : Number(number) * factor;
}
