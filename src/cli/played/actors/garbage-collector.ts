import { refOf } from '../../../api/object.ts';
import type { Actor } from './actor.ts';

/** Deletes what has owners of which none is left, by uid. */
export const garbageCollector: Actor = {
  name: 'garbage-collector',
  step({ store }) {
    const all = store.all();
    const uids = new Set(all.map(({ object }) => object.metadata.uid));
    for (const { kind, object } of all) {
      const owners = object.metadata.ownerReferences ?? [];
      const isOrphan = owners.length > 0 && owners.every(({ uid }) => !uids.has(uid));
      if (isOrphan && object.metadata.deletionTimestamp === undefined) {
        store.delete(refOf(kind, object));
      }
    }
  },
};
