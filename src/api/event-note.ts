import type { KubernetesObject } from './object.ts';

/** A Kubernetes Event, one per change. */
export interface EventNote {
  readonly about: KubernetesObject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase; Keptn's reasons are kept (docs/compatibility.md §7.4). */
  readonly reason: string;
  readonly message: string;
  /** What was done, CamelCase; defaults to the reason. */
  readonly action?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Keptn's reporting component, for example `keptntask-controller`; defaults to the controller's name. */
  readonly reportedBy?: string;
}
