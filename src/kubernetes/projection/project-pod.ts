import type { Pod } from '../../api/builtin.ts';
import { objectOf, objectsOf, pick, textOf, type RawObject } from '../wire/raw-json.ts';

/** What Sluice reads of a Pod beside its metadata: where it is, what holds it, how its containers fare. */
export function podFields(raw: RawObject): Pick<Pod, 'spec' | 'status'> {
  return { spec: specOf(objectOf(raw['spec'])), status: statusOf(objectOf(raw['status'])) };
}

function specOf(spec: RawObject): NonNullable<Pod['spec']> {
  const gates = objectsOf(spec['schedulingGates']).map((gate) => ({ name: nameOf(gate) }));
  const initContainers = objectsOf(spec['initContainers']).map(containerOf);
  return {
    ...pick(spec, ['nodeName', 'restartPolicy']),
    ...(gates.length > 0 && { schedulingGates: gates }),
    containers: objectsOf(spec['containers']).map(containerOf),
    ...(initContainers.length > 0 && { initContainers }),
  };
}

function statusOf(status: RawObject): NonNullable<Pod['status']> {
  const conditions = objectsOf(status['conditions']).map((condition) => ({
    type: textOf(condition['type']) ?? '',
    status: textOf(condition['status']) ?? '',
    ...pick(condition, ['reason', 'message']),
  }));
  return {
    ...pick(status, ['phase', 'reason', 'message']),
    ...(conditions.length > 0 && { conditions }),
    ...containerStatuses(status, 'containerStatuses'),
    ...containerStatuses(status, 'initContainerStatuses'),
  };
}

function containerStatuses(
  status: RawObject,
  field: 'containerStatuses' | 'initContainerStatuses',
): Pick<NonNullable<Pod['status']>, typeof field> {
  const statuses = objectsOf(status[field]).map((raw) => ({
    name: nameOf(raw),
    ...pick(raw, ['ready', 'restartCount', 'image', 'state', 'lastState']),
  }));
  return statuses.length > 0 ? { [field]: statuses } : {};
}

function containerOf(raw: RawObject): { name: string; image?: string } {
  const image = textOf(raw['image']);
  return image === undefined ? { name: nameOf(raw) } : { name: nameOf(raw), image };
}

function nameOf(raw: RawObject): string {
  return textOf(raw['name']) ?? '';
}
