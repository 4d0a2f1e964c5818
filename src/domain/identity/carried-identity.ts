import type { ProjectedTemplate } from '../../api/builtin.ts';
import { keptnAnnotations, recommendedLabels } from '../../api/keptn/annotations.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { appName, hashedName, workloadName } from '../names.ts';
import type { AnnotatedIdentity } from './identity.ts';
import { type Metadata, valueOf } from './metadata-value.ts';

/** Application and workload, as an identity has them. */
export type CarriedIdentity = Pick<AnnotatedIdentity, 'app' | 'workload'>;

/** What of an owner says which workload its Pods are of. */
export interface Owning {
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly template: Pick<ProjectedTemplate, 'labels' | 'annotations'>;
}

/**
 * The workload that an owner names, by its template or else by its own metadata, as `identityOf` reads a Pod of it; without a
 * look at its revisions, which may name another one.
 */
export function carriedIdentity({
  kind,
  metadata,
  template = {},
}: Pick<Owning, 'kind' | 'metadata'> & Partial<Owning>): CarriedIdentity | undefined {
  const named = workloadIn(template);
  if (named !== undefined) return { app: appName(appIn(template) ?? named), workload: named };
  // A ReplicaSet speaks by the copy of its maker's annotations; its labels are those of its Pods.
  const { annotations = {} } = metadata;
  const own: Metadata = kind === 'ReplicaSet' ? { annotations } : metadata;
  const workload = workloadIn(own);
  if (workload === undefined) return undefined;
  return { app: appName(appIn(own) ?? appIn(template) ?? workload), workload };
}

/** The names that the KeptnWorkload of an identity is made under: the second one where the first belongs to another application. */
export function namesOf({ app, workload }: CarriedIdentity): readonly string[] {
  const name = workloadName(app, workload);
  return [name, hashedName(name, [app, workload])];
}

function workloadIn(metadata: Metadata): string | undefined {
  return valueOf(metadata, keptnAnnotations.workload, recommendedLabels.workload);
}

function appIn(metadata: Metadata): string | undefined {
  return valueOf(metadata, keptnAnnotations.app, recommendedLabels.app);
}
