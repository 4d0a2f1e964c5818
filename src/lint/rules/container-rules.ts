import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { imageNameProblem } from '../base/image-name.ts';
import { type Rule, rule } from '../base/rule.ts';

const noImage = rule({
  id: 'container-without-image',
  title: 'A container without an image',
  why: 'The API server refuses its Job.',
  fix: 'Name the image.',
  severity: 'error',
  kinds: [KeptnTaskDefinition],
  check: ({ spec: { container } }) =>
    container === undefined || (container.image ?? '') !== ''
      ? []
      : [
          {
            path: 'spec.container.image',
            message: 'is not set, and there is no Job without; name the image',
          },
        ],
});

const movingTag = rule({
  id: 'container-moving-tag',
  title: 'An image by a tag that moves',
  why: 'What runs is another thing tomorrow, with the rights and Secrets of the task, although no one applied it.',
  fix: 'Name a version, or better a digest (image@sha256:…).',
  severity: 'risky',
  kinds: [KeptnTaskDefinition],
  check({ spec: { container } }) {
    const image = container?.image ?? '';
    const tag = tagOf(image);
    if (image === '' || tag === undefined || !moving.has(tag)) return [];
    const said = tag === '' ? 'has no tag, which means latest' : `has the tag ${tag}, which moves`;
    const message = `${image.slice(0, 120)} ${said}: what runs can change unseen; name a version or a digest`;
    return [{ path: 'spec.container.image', message }];
  },
});

const imageName = rule({
  id: 'container-image-name',
  title: 'A name that no image can have',
  why: 'Its Pod never starts (InvalidImageName), and the task fails.',
  fix: 'Write host/path:tag: the path in lower case, without white space.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check({ spec: { container } }) {
    const image = container?.image ?? '';
    const problem = image === '' ? undefined : imageNameProblem(image);
    if (problem === undefined) return [];
    return [{ path: 'spec.container.image', message: `${image.slice(0, 120)} ${problem}` }];
  },
});

/** The rules about containers. */
export const containerRules: readonly Rule[] = [noImage, imageName, movingTag];

const moving: ReadonlySet<string> = new Set([
  '',
  'latest',
  'main',
  'master',
  'edge',
  'nightly',
  'dev',
  'develop',
  'stable',
  'canary',
  'head',
  'snapshot',
]);

/** The tag of an image, empty if it has none; undefined for a digest. */
function tagOf(image: string): string | undefined {
  if (image.includes('@')) return undefined;
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  return colon < 0 ? '' : name.slice(colon + 1).toLowerCase();
}
