import type { Container, ProjectedTemplate } from '../api/builtin.ts';
import { Interner } from './interner.ts';
import type { MetadataProjection } from './project-metadata.ts';
import { objectOf, objectsOf, textOf, type RawObject } from './raw-json.ts';
import { templateDigest } from './template-digest.ts';

type Variable = NonNullable<Container['env']>[number];

/** What of a Pod template is kept: see `ProjectedTemplate`. */
export class TemplateProjection {
  readonly #metadata: MetadataProjection;
  readonly #containers = new Interner<Container>((container) => JSON.stringify(container));
  readonly #environments = new Interner<Variable[]>((env) => JSON.stringify(env));

  constructor(metadata: MetadataProjection) {
    this.#metadata = metadata;
  }

  /** The template in whole-object form; `keep` says which labels and annotations are wanted. */
  of(raw: unknown, keep?: (key: string) => boolean): ProjectedTemplate {
    const template = objectOf(raw);
    const metadata = objectOf(template['metadata']);
    const labels = this.#metadata.map(metadata['labels'], keep);
    const annotations = this.#metadata.map(metadata['annotations'], keep);
    const containers = objectsOf(objectOf(template['spec'])['containers']);
    return {
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      containers: containers.map((container) => this.#container(container)),
      digest: templateDigest(template),
    };
  }

  #container(raw: RawObject): Container {
    const env = objectsOf(raw['env']).map(literalVariable);
    const image = textOf(raw['image']);
    return this.#containers.shared({
      name: textOf(raw['name']) ?? '',
      ...(image !== undefined && { image: this.#metadata.text(image) }),
      ...(env.length > 0 && { env: this.#environments.shared(env) }),
    });
  }
}

// A variable with `valueFrom` keeps its name only: the computed version counts names, and no reference is ever followed.
function literalVariable(raw: RawObject): Variable {
  const name = textOf(raw['name']) ?? '';
  const value = textOf(raw['value']);
  return value === undefined ? { name } : { name, value };
}
