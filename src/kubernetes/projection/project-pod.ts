import type { Container, Pod } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { programOf } from './project-programs.ts';
import { objectOf, objectsOf, pick, textOf, type RawObject } from '../wire/raw-json.ts';

/** What Sluice reads of a Pod beside its metadata: where it is, what holds it, how its containers fare. */
export function podFields(raw: RawObject): Pick<Pod, 'spec' | 'status'> {
  const labels = objectOf(objectOf(raw['metadata'])['labels']);
  const isOfTask = labels[sluiceKeys.task] !== undefined;
  return {
    spec: specOf(objectOf(raw['spec']), isOfTask),
    status: statusOf(objectOf(raw['status'])),
  };
}

/** What runs in the Pod of a task is compared with what its Job is to run. */
function specOf(spec: RawObject, isOfTask: boolean): NonNullable<Pod['spec']> {
  const shown = (raw: RawObject): Container =>
    isOfTask ? { ...containerOf(raw), program: programOf(raw) } : containerOf(raw);
  const gates = objectsOf(spec['schedulingGates']).map((gate) => ({ name: nameOf(gate) }));
  const initContainers = objectsOf(spec['initContainers']).map(shown);
  return {
    ...pick(spec, ['nodeName', 'restartPolicy']),
    ...(gates.length > 0 && { schedulingGates: gates }),
    containers: objectsOf(spec['containers']).map(shown),
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

function containerOf(raw: RawObject): Container {
  const image = textOf(raw['image']);
  return image === undefined ? { name: nameOf(raw) } : { name: nameOf(raw), image };
}

function nameOf(raw: RawObject): string {
  return textOf(raw['name']) ?? '';
}
