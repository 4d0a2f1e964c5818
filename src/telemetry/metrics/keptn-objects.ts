import type { Course } from './course.ts';
import {
  appDeploymentDuration,
  appDeploymentInterval,
  appFamily,
  evaluationFamily,
  type Family,
  promotionCount,
  taskFamily,
  workloadDeploymentDuration,
  workloadDeploymentInterval,
  workloadFamily,
} from './keptn-series.ts';
import type { Recording } from './recording.ts';
import type { Labels, Sample, Series } from './series.ts';

/**
 * Of so many objects of each sort Keptn's series are served. Keptn kept those of every object that there ever was, until its
 * process ran out of memory or Prometheus out of patience. Beyond this number the object goes that changed longest ago in the
 * namespace with the most objects, so that one namespace cannot push out the series of the others.
 */
export const mostObjects = 100;

const families: readonly Family[] = [appFamily, workloadFamily, taskFamily, evaluationFamily];

/** One object, and what was counted for it. */
interface Entry {
  readonly course: Course;
  readonly counted: readonly Counted[];
}

interface Counted {
  readonly series: Series;
  readonly labels: Labels;
}

/**
 * Keptn's series of the objects that changed last, shared out among namespaces. A series goes when the last object goes for which it was counted: what
 * is served is bounded by number, and by what there is.
 */
export class KeptnObjects {
  readonly #registry: Recording;
  readonly #most: number;
  /** In the order of their last change, oldest first. */
  readonly #entries = new Map<Family, Map<string, Entry>>();
  /** For how many objects each series was counted. */
  readonly #uses = new Map<string, number>();

  constructor(registry: Recording, most = mostObjects) {
    this.#registry = registry;
    this.#most = most;
    for (const family of families) {
      this.#entries.set(family, new Map());
      registry.collect(family.active, () => this.#active(family));
    }
    for (const [family, duration, interval] of [
      [appFamily, appDeploymentDuration, appDeploymentInterval],
      [workloadFamily, workloadDeploymentDuration, workloadDeploymentInterval],
    ] as const) {
      registry.collect(duration, () => this.#durations(family, duration));
      registry.collect(interval, () => this.#intervals(family, interval));
    }
  }

  /** Takes note of an object as it is now. */
  seen(course: Course): void {
    const entries = this.#of(course.family);
    const { counted = [] } = entries.get(course.id) ?? {};
    entries.delete(course.id);
    entries.set(course.id, { course, counted });
    if (entries.size <= this.#most) return;
    const id = oldestOfLargest(entries);
    if (id !== undefined) this.#drop(entries, id);
  }

  /** Counts an object that has just ended. */
  ended(course: Course): void {
    this.seen(course);
    const { family, hasPromotion } = course;
    const { count, duration } = family;
    this.#count(course, count, (labels) => this.#registry.add(count, labels));
    const seconds = secondsOf(course);
    if (seconds !== undefined) {
      this.#count(course, duration, (labels) => this.#registry.observe(duration, labels, seconds));
    }
    if (hasPromotion) {
      this.#count(course, promotionCount, (labels) => this.#registry.add(promotionCount, labels));
    }
  }

  gone({ family, id }: Course): void {
    this.#drop(this.#of(family), id);
  }

  /** This process does not lead any more: another one tells of the objects that there are. */
  clear(): void {
    for (const entries of this.#entries.values()) {
      for (const id of entries.keys()) this.#drop(entries, id);
    }
  }

  #of(family: Family): Map<string, Entry> {
    return this.#entries.get(family) ?? new Map<string, Entry>();
  }

  #count(course: Course, series: Series, record: (labels: Labels) => void): void {
    const labels = labelsOf(series, { ...course.labels, [course.stateLabel]: course.state });
    record(labels);
    const entries = this.#of(course.family);
    const entry = entries.get(course.id);
    const key = useKey(series, labels);
    if (entry === undefined || entry.counted.some((one) => useKey(one.series, one.labels) === key))
      return;
    entries.set(course.id, { ...entry, counted: [...entry.counted, { series, labels }] });
    this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
  }

  #drop(entries: Map<string, Entry>, id: string): void {
    const entry = entries.get(id);
    entries.delete(id);
    for (const { series, labels } of entry?.counted ?? []) {
      const key = useKey(series, labels);
      const left = (this.#uses.get(key) ?? 1) - 1;
      if (left > 0) this.#uses.set(key, left);
      else {
        this.#uses.delete(key);
        this.#registry.remove(series, labels);
      }
    }
  }

  *#active(family: Family): Generator<Sample> {
    for (const { course } of this.#of(family).values()) {
      const labels = labelsOf(family.active, course.labels);
      yield { labels, value: course.endMs === undefined ? 1 : 0 };
    }
  }

  *#durations(family: Family, series: Series): Generator<Sample> {
    for (const { course } of this.#of(family).values()) {
      const value = secondsOf(course);
      if (value !== undefined) yield { labels: labelsOf(series, course.labels), value };
    }
  }

  /** From the end of the version before to the end of this one; of several of that version, the first to start. */
  *#intervals(family: Family, series: Series): Generator<Sample> {
    const first = new Map<string, Course>();
    for (const { course } of this.#of(family).values()) {
      const known = first.get(course.version?.key ?? '');
      if (course.version !== undefined && (known?.startMs ?? Infinity) > (course.startMs ?? 0))
        first.set(course.version.key, course);
    }
    for (const { course } of this.#of(family).values()) {
      const before = first.get(course.version?.previousKey ?? '')?.endMs;
      if (before === undefined || course.endMs === undefined) continue;
      yield { labels: labelsOf(series, course.labels), value: (course.endMs - before) / 1000 };
    }
  }
}

/** The object that changed longest ago in the namespace with the most objects; of equal ones, in that of the oldest object. */
function oldestOfLargest(entries: ReadonlyMap<string, Entry>): string | undefined {
  const byNamespace = new Map<string, { readonly oldest: string; objects: number }>();
  for (const [id, { course }] of entries) {
    const known = byNamespace.get(course.namespace);
    if (known === undefined) byNamespace.set(course.namespace, { oldest: id, objects: 1 });
    else known.objects += 1;
  }
  let largest: { readonly oldest: string; readonly objects: number } | undefined;
  for (const one of byNamespace.values()) {
    if (one.objects > (largest?.objects ?? 0)) largest = one;
  }
  return largest?.oldest;
}

function secondsOf({ startMs, endMs }: Course): number | undefined {
  return startMs === undefined || endMs === undefined ? undefined : (endMs - startMs) / 1000;
}

/** The labels that a family has, of all that are known of an object. */
function labelsOf({ labels: names }: Series, known: Labels): Labels {
  return Object.fromEntries(names.map((name) => [name, known[name] ?? '']));
}

function useKey({ name }: Series, labels: Labels): string {
  return JSON.stringify([name, ...Object.values(labels)]);
}
