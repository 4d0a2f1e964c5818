import type { KubernetesObject } from '../api/object.ts';
import type { EventNote } from './plan.ts';

/** The object an Event of a phase is about, and what Keptn's Events say of it beside its name. */
export interface PhaseSubject {
  readonly object: KubernetesObject;
  /** Shown behind the name. */
  readonly version?: string;
  /** Keptn's annotations of its Events for the kind (docs/compatibility.md §7.4). */
  readonly annotations: Readonly<Record<string, string>>;
  /** Keptn's reporting component, for example `keptnappversion-controller`. */
  readonly reportedBy: string;
}

/** Keptn's Event of a phase: reason `<short><suffix>`, message `<long>: <text> / Namespace: …, Name: …, Version: …`. */
export function phaseEvent(
  subject: PhaseSubject,
  phase: { readonly short: string; readonly long: string },
  say: { readonly suffix: string; readonly text: string; readonly type?: 'Normal' | 'Warning' },
): EventNote {
  const { name, namespace = '' } = subject.object.metadata;
  const version = subject.version === undefined ? '' : `, Version: ${subject.version}`;
  return {
    about: subject.object,
    type: say.type ?? 'Normal',
    reason: `${phase.short}${say.suffix}`,
    message: `${phase.long}: ${say.text} / Namespace: ${namespace}, Name: ${name}${version}`,
    annotations: { namespace, name, phase: phase.short, ...subject.annotations },
    reportedBy: subject.reportedBy,
  };
}
