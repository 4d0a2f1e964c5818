import type { ConfigMap } from '../../src/api/builtin.ts';
import { ConfigMapKind } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { controllerOf, refOf } from '../../src/api/object.ts';
import type { Controller } from '../../src/controllers/engine/controller.ts';
import { watch } from '../../src/controllers/engine/controller.ts';
import type { World } from '../../src/domain/lookup.ts';
import type { Plan, Refusal } from '../../src/domain/plan.ts';
import type { Actor } from '../../src/cli/played/actors/actor.ts';

/**
 * The smallest controller that has everything a real one has: an Errand makes one slip (a ConfigMap), somebody stamps it,
 * the stamp is copied into the status, and only then the slip is thrown away. An errand run twice is the failure all of
 * this exists to prevent.
 */
export interface Errand extends KubernetesObject {
  spec?: { slips?: number };
  status?: ErrandStatus;
}

interface ErrandStatus {
  slipUid?: string;
  outcome?: string;
  waitingFor?: string;
}

export const ErrandKind: Kind<Errand> = {
  apiVersion: 'test.sluice/v1',
  kind: 'Errand',
  plural: 'errands',
  namespaced: true,
};

interface ErrandObservation {
  readonly errand: Errand;
  readonly slip: ConfigMap | undefined;
  readonly slipState: 'unread' | 'absent' | 'present';
  readonly refusal: Refusal | undefined;
}

export const errandController: Controller<ErrandObservation> = {
  name: 'errand',
  watches: [
    watch(ErrandKind, ({ metadata }) => [metadata]),
    watch(ConfigMapKind, ({ metadata: { namespace, name } }) =>
      namespace === undefined ? [] : [{ namespace, name: name.replace(/^slip-/u, '') }],
    ),
  ],
  gather({ namespace, name }, world: World) {
    const errand = world.get(ErrandKind, namespace, name);
    if (errand === undefined) return undefined;
    const ref = refOf(ConfigMapKind, slipOf(errand));
    const slip = world.get(ConfigMapKind, namespace, ref.name);
    const mine = slip !== undefined && controllerOf(slip)?.uid === errand.metadata.uid;
    return {
      errand,
      slip: mine ? slip : undefined,
      slipState: world.live(ref),
      refusal: world.refusal(ref),
    };
  },
  decide: decideErrand,
};

/** What an errand needs next. */
function decideErrand({ errand, slip, slipState, refusal }: ErrandObservation): Plan {
  const stored = errand.status ?? {};
  const ref = refOf(ErrandKind, errand);
  const resourceVersion = errand.metadata.resourceVersion ?? '';
  const wanted = slipOf(errand);
  const slipRef = refOf(ConfigMapKind, wanted);
  const status = (to: ErrandStatus) => ({ ref, resourceVersion, from: stored, to });
  if (stored.outcome !== undefined) {
    const uid = slip?.metadata.uid;
    return uid === undefined ? {} : { afterwards: [{ type: 'delete', ref: slipRef, uid }] };
  }
  if (slip !== undefined) return afterSlip(errand, slip, status);
  if (stored.slipUid !== undefined) {
    if (slipState === 'unread') return { look: [slipRef] };
    return { status: status({ ...stored, outcome: 'lost' }) };
  }
  const { waitingFor: _, ...rest } = stored;
  return {
    effects: [{ type: 'create', kind: ConfigMapKind, object: wanted }],
    onlyIfCurrent: { ...ref, resourceVersion },
    status: status(refusal === undefined ? rest : { ...rest, waitingFor: refusal.reason }),
  };
}

function afterSlip(
  errand: Errand,
  slip: ConfigMap,
  status: (to: ErrandStatus) => Plan['status'] & object,
): Plan {
  const uid = slip.metadata.uid ?? '';
  const outcome = slip.metadata.labels?.['stamp'];
  if (outcome === undefined) return { status: status({ slipUid: uid }) };
  return {
    status: status({ slipUid: uid, outcome }),
    events: [{ about: errand, type: 'Normal', reason: 'Stamped', message: outcome }],
    afterwards: [{ type: 'delete', ref: refOf(ConfigMapKind, slip), uid }],
  };
}

/** The slip of an errand. Its name follows from the errand, so that there can be only one. */
export function slipOf(errand: Errand): ConfigMap {
  const { namespace, name, uid } = errand.metadata;
  const { apiVersion, kind } = errand;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `slip-${name}`,
      ...(namespace !== undefined && { namespace }),
      ownerReferences: [{ apiVersion, kind, name, uid: uid ?? '', controller: true }],
    },
  };
}

/** An errand in namespace `shop`. */
export function anErrand(name: string): Errand {
  return {
    apiVersion: ErrandKind.apiVersion,
    kind: ErrandKind.kind,
    metadata: { namespace: 'shop', name },
    spec: {},
  };
}

/** Stamps every slip, some time after it was made. */
export const stamper: Actor = {
  name: 'stamper',
  step({ store }) {
    for (const slip of store.list(ConfigMapKind)) {
      const { metadata } = slip;
      if (metadata.labels?.['stamp'] !== undefined) continue;
      const labels = { ...metadata.labels, stamp: 'done' };
      const stamped: ConfigMap = { ...slip, metadata: { ...metadata, labels } };
      store.update(ConfigMapKind, stamped);
    }
  },
};
