import { type Webhook, webhooks } from '../../src/admission/registry.ts';
import { NamespaceKind } from '../../src/api/builtin.ts';
import { keptnAnnotations } from '../../src/api/keptn/annotations.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import { kindKey, type Kind, type KubernetesObject } from '../../src/api/object.ts';
import { manifestsIn } from '../../src/cli/manifests/manifest-documents.ts';
import { MemoryStore } from '../../src/cli/played/memory-store.ts';
import { playedCaches } from '../../src/cli/played/played-caches.ts';
import { PlayedCluster } from '../../src/cli/played/played-cluster.ts';
import { isAsked, patched, reviewedKind, verdictOf } from '../../src/cli/played/webhook-calls.ts';
import { configFrom } from '../../src/config/config.ts';
import type { Controller } from '../../src/controllers/engine/controller.ts';
import { decisionText } from '../../src/controllers/engine/decision-text.ts';
import { KeyMemory } from '../../src/controllers/engine/key-memory.ts';
import { LiveView } from '../../src/controllers/engine/live-view.ts';
import { ReconcileWorld } from '../../src/controllers/engine/reconcile-world.ts';
import { templateDigest } from '../../src/kubernetes/projection/template-digest.ts';
import { readManifest } from '../../src/lint/manifest-problems.ts';
import { allControllers } from '../../src/process/controllers.ts';
import { watchedKinds } from '../../src/process/watched-kinds.ts';
import { ManualClock } from '../../src/runtime/manual-clock.ts';

// A decision looks once for each kind of thing that a cache may not have.
const mostLooks = 12;
const namespace = 'default';

/**
 * Judges the objects of a file as Sluice would if they were applied to an empty cluster, one after the other: what the webhooks say
 * of each, and the plan of the first decision of each controller that works on its kind. Nothing is carried out but the live
 * reads that a plan asks for. Yields lines.
 */
export async function* tryObjects(text: string): AsyncGenerator<string, void, undefined> {
  const config = configFrom({ flags: new Map(), env: {} });
  const controllers = allControllers(config);
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  const caches = playedCaches(store, clock, controllers);
  const cluster = new PlayedCluster(store);
  const reviewing = webhooks({ operatorNamespace: config.namespace, templateDigest });
  const watched = watchedKinds(undefined, controllers).watched.map(({ kind }) => kind);
  const kinds = [...watched, ...ownKinds].filter(({ view }) => view === undefined);

  for (const { object: manifest } of manifestsIn(text).manifests) {
    const read = readManifest(manifest, namespace);
    if (read.type === 'other') continue;
    if (read.type === 'unreadable') {
      yield `unreadable: ${read.errors.map(({ path, message }) => `${path}: ${message}`).join('; ')}`;
      continue;
    }
    const { object } = read;
    const kind = kinds.find((one) => kindKey(one) === kindKey({ ...one, ...kindOf(object) }));
    yield `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (kind === undefined) {
      yield '  nothing of Sluice works on this kind';
      continue;
    }
    const home = ensureNamespace(store, object.metadata.namespace ?? namespace);
    const judged = judge(object, { reviewing, home, lookup: caches, now: clock.now() });
    for (const line of judged.lines) yield `  ${line}`;
    if (judged.object === undefined) continue;
    store.create(kind, judged.object);
    for (const controller of controllers.filter(({ watches }) => watches[0]?.kind === kind)) {
      const decided = await decide(controller, judged.object, {
        cluster,
        caches,
        now: clock.now(),
      });
      if (decided === undefined) continue;
      yield `  ${controller.name} observes ${decisionText(decided.observation)}`;
      yield `  ${controller.name} plans ${decisionText(decided.plan)}`;
    }
  }
}

function kindOf({ apiVersion, kind }: KubernetesObject): Pick<Kind, 'apiVersion' | 'kind'> {
  return { apiVersion, kind };
}

function ensureNamespace(store: MemoryStore, name: string): KubernetesObject {
  const there = store.get(NamespaceKind, undefined, name);
  if (there !== undefined) return there;
  const annotations = { [keptnAnnotations.lifecycleToolkit]: 'enabled' };
  const { apiVersion, kind } = NamespaceKind;
  return store.create(NamespaceKind, { apiVersion, kind, metadata: { name, annotations } });
}

function judge(
  object: KubernetesObject,
  by: {
    readonly reviewing: readonly Webhook[];
    readonly home: KubernetesObject;
    readonly lookup: Parameters<typeof verdictOf>[2]['lookup'];
    readonly now: number;
  },
): { readonly object: KubernetesObject | undefined; readonly lines: readonly string[] } {
  let judged = object;
  const lines: string[] = [];
  for (const webhook of by.reviewing) {
    const isOfKind =
      kindKey(reviewedKind(webhook)) === kindKey({ ...reviewedKind(webhook), ...kindOf(object) });
    if (!isOfKind || !isAsked(webhook, judged, by.home)) continue;
    const verdict = verdictOf(webhook, judged, { lookup: by.lookup, now: by.now, user: 'try' });
    lines.push(...(verdict.warnings ?? []).map((warning) => `warning: ${warning}`));
    if (verdict.type === 'denied') {
      return { object: undefined, lines: [...lines, `refused: ${verdict.message}`] };
    }
    judged = patched(judged, verdict);
  }
  return { object: judged, lines: lines.length === 0 ? ['let in without a warning'] : lines };
}

/** The first decision that asks for no further live read. */
async function decide(
  controller: Controller,
  { metadata: { namespace: home, name } }: KubernetesObject,
  by: {
    readonly cluster: PlayedCluster;
    readonly caches: ReturnType<typeof playedCaches>;
    readonly now: number;
  },
) {
  const live = new LiveView(by.cluster, by.caches);
  const memory = new KeyMemory();
  const key = home === undefined ? { name } : { namespace: home, name };
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const moment = { now: by.now, clockSteps: [] };
    const world = new ReconcileWorld(moment, { lookup: by.caches, live, memory });
    const observation = controller.gather(key, world);
    if (observation === undefined) return undefined;
    const plan = controller.decide(observation);
    if (plan.look === undefined || plan.look.length === 0) return { observation, plan };
    await live.look(plan.look);
  }
  return undefined;
}
