import { setTimeout as sleep } from 'node:timers/promises';
import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import { keptnAnnotationsOf } from '../builders/apps.ts';
import { type EnabledNamespace, isHeld } from './enabled-namespace.ts';

/** What became of Pods that were asked for. */
export interface Answers {
  asked: number;
  held: number;
  /** In flight when a process was killed or closed its connections, and made when asked for again, as controllers do. */
  repeated: number;
  /** Refused otherwise, or in the end: the moment and what the API server said. */
  readonly failed: string[];
}

/** How Pods are asked for. */
export interface AskingOptions {
  readonly everyMs: number;
  /** Whether the Pods are really made; a dry run goes through admission and is not stored. */
  readonly areStored: boolean;
}

/**
 * Asks for Pods of a version that is not released, until told to stop; each must be held. Like a ReplicaSet, it asks again for what
 * was lost with a process that has ended (the API server does not repeat the call of a webhook), and for nothing else. One that ends
 * in good order closes connections that are idle, and HTTP/1.1 has no way to agree on that: a call that is sent at the same moment
 * is lost.
 */
export function askForPods(shop: EnabledNamespace, { everyMs, areStored }: AskingOptions) {
  const answers: Answers = { asked: 0, held: 0, repeated: 0, failed: [] };
  const open = new Set<Promise<void>>();
  const deaths: { readonly fromMs: number; untilMs: number }[] = [];
  const isLost = (fromMs: number, untilMs: number): boolean =>
    deaths.some((death) => fromMs <= death.untilMs && untilMs >= death.fromMs);
  const ask = async (tries: number): Promise<void> => {
    const startedAt = Date.now();
    try {
      const options = { dryRun: !areStored };
      const pod = await shop.cluster.create<Pod>(PodKind, askedPod(shop.name), options);
      if (isHeld(pod)) answers.held += 1;
      if (tries > 0) answers.repeated += 1;
    } catch (error) {
      if (tries < 5 && isLost(startedAt, Date.now())) {
        await sleep(10 * 2 ** tries);
        return ask(tries + 1);
      }
      const message = error instanceof Error ? error.message : '';
      answers.failed.push(`${new Date().toISOString()} ${message}`);
    }
  };
  const startedAt = Date.now();
  const timer = setInterval(() => {
    // As many as are due: a timer of a busy process is late.
    const due = Math.floor((Date.now() - startedAt) / everyMs);
    while (answers.asked < due) {
      answers.asked += 1;
      const asked = ask(0).finally(() => open.delete(asked));
      open.add(asked);
    }
  }, everyMs);
  return {
    answers,
    /** Ends a process; what was under way at that moment is lost. */
    async whileEnding(end: () => Promise<void>): Promise<void> {
      const death = { fromMs: Date.now(), untilMs: Infinity };
      deaths.push(death);
      await end();
      // The API server learns a moment later that its connections have ended.
      death.untilMs = Date.now() + 250;
    },
    async stop(): Promise<Answers> {
      clearInterval(timer);
      await Promise.all(open);
      return answers;
    },
  };
}

const askedPod = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'asked-',
    namespace,
    annotations: keptnAnnotationsOf({ version: '9.9.9' }),
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'cart-1',
        uid: 'not-there',
        controller: true,
      },
    ],
  },
  spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
});
