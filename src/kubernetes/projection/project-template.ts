import type { Container, ProjectedTemplate } from '../../api/builtin.ts';
import { restartedAt } from '../../api/keptn/annotations.ts';
import { textMap } from './project-metadata.ts';
import { objectOf, objectsOf, textOf, type RawObject } from '../wire/raw-json.ts';
import { templateDigest } from './template-digest.ts';

type Variable = NonNullable<Container['env']>[number];

/** What of a Pod template is kept (see `ProjectedTemplate`), of its labels and annotations only what `keep` wants. */
export function projectTemplate(raw: unknown, keep?: (key: string) => boolean): ProjectedTemplate {
  const template = objectOf(raw);
  const metadata = objectOf(template['metadata']);
  const labels = textMap(metadata['labels'], keep);
  const annotations = textMap(metadata['annotations'], keep);
  return {
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations }),
    containers: objectsOf(objectOf(template['spec'])['containers']).map(containerOf),
    digest: templateDigest(template),
    ...unrestarted(template),
  };
}

function unrestarted(template: RawObject): Pick<ProjectedTemplate, 'unrestartedDigest'> {
  const metadata = objectOf(template['metadata']);
  const { [restartedAt]: at, ...annotations } = objectOf(metadata['annotations']);
  if (at === undefined) return {};
  const { annotations: _, ...others } = metadata;
  const hasOthers = Object.keys(annotations).length > 0;
  const before = { ...template, metadata: { ...others, ...(hasOthers && { annotations }) } };
  return { unrestartedDigest: templateDigest(before) };
}

function containerOf(raw: RawObject): Container {
  const env = objectsOf(raw['env']).map(literalVariable);
  const image = textOf(raw['image']);
  return {
    name: textOf(raw['name']) ?? '',
    ...(image !== undefined && { image }),
    ...(env.length > 0 && { env }),
  };
}

// A variable with `valueFrom` keeps its name only: the computed version counts names, and no reference is ever followed.
function literalVariable(raw: RawObject): Variable {
  const name = textOf(raw['name']) ?? '';
  const value = textOf(raw['value']);
  return value === undefined ? { name } : { name, value };
}
