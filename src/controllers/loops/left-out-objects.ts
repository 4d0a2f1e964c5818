import type { KubernetesObject } from '../../api/object.ts';
import { shortened } from '../../domain/shortened.ts';
import type { EventSink } from '../engine/cluster.ts';

/** Where it is known what could not be taken into the caches. */
export interface LeftOutSource {
  objects(): readonly { readonly object: KubernetesObject; readonly why: string }[];
  subscribe(
    listener: (one: { readonly object: KubernetesObject; readonly why: string }) => void,
  ): () => void;
}

const longestReason = 500;

/** Tells, with an Event on each, which objects are left out: those that are, and those to come. Returns the way to stop. */
export function tellLeftOut(source: LeftOutSource, events: EventSink): () => void {
  const tell = ({ object, why }: { object: KubernetesObject; why: string }): void => {
    const message = `${shortened(`${object.kind} ${object.metadata.name} ${why}`, longestReason)}. It is left out: whatever names it waits as if it did not exist`;
    events.record({ about: object, type: 'Warning', reason: 'LeftOut', message }, 'sluice');
  };
  for (const one of source.objects()) tell(one);
  return source.subscribe(tell);
}
