import { expect } from 'vitest';

import type { KubernetesObject } from '../../src/api/object.ts';
import { refOf } from '../../src/api/object.ts';
import type { SpanRecord } from '../../src/api/span.ts';
import { type Exportable, exportables } from '../../src/domain/trace/trace-export.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import type { Simulation } from './simulation.ts';

/** The KeptnConfig that switches tracing on. */
export const tracing = `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: keptn-system, name: config }
spec: { OTelCollectorUrl: "collector:4317" }
`;

/**
 * The export of spans at its worst: whatever is to be sent is sent at some time soon, often dies before it is marked, and is
 * sent again by whoever comes next.
 */
export class SimulatedExport {
  /** Everything that was sent, repetitions included. */
  readonly sent: SpanRecord[] = [];
  readonly #simulation: Simulation;
  #isDue = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.store.onChange(() => this.#wake());
  }

  /** The spans as a collector holds them: by id, each sent in one form only. */
  get received(): ReadonlyMap<string, SpanRecord> {
    const spans = new Map<string, SpanRecord>();
    for (const span of this.sent) {
      const known = spans.get(span.spanId) ?? span;
      expect(span).toEqual(known);
      spans.set(span.spanId, span);
    }
    return spans;
  }

  /** Objects whose spans were not marked yet. */
  get pending(): readonly KubernetesObject[] {
    return exportables.flatMap((exportable) =>
      this.#simulation.store.list(exportable.kind).filter((object) => exportable.isPending(object)),
    );
  }

  #wake(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { clock, random } = this.#simulation;
    clock.after(random.between(1, 3_000), () => {
      this.#isDue = false;
      this.#step();
    });
  }

  #step(): void {
    const { store } = this.#simulation;
    const lookup = fixedLookup(store.all().map(({ object }) => object));
    for (const exportable of exportables) {
      for (const object of store.list(exportable.kind)) {
        if (!exportable.isPending(object)) continue;
        const spans = exportable.spans(object, lookup);
        if (spans !== undefined) this.#send(exportable, object, spans);
        this.#wake();
      }
    }
  }

  #send(exportable: Exportable, object: KubernetesObject, spans: readonly SpanRecord[]): void {
    const { store, random, clock } = this.#simulation;
    this.sent.push(...spans);
    if (random.chance(0.5)) return;
    const delivered = { delivery: { type: 'accepted' }, now: clock.now() } as const;
    store.writeStatus(
      refOf(exportable.kind, object),
      undefined,
      exportable.delivered(object, object, delivered),
    );
  }
}
