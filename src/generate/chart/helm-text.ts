import { stringify } from 'yaml';
import type { KubernetesObject } from '../../api/object.ts';

/** What a template says beside its objects. */
export interface TemplateOptions {
  /** Where its reader changes it. */
  readonly source: string;
  /** Argo CD applies lower waves first, and prunes them last. */
  readonly wave: string;
  /** The condition under which the objects are there, as a Go template expression; always if not given. */
  readonly when?: string;
  /** Whether a caBundle belongs in them, which something else may fill in. */
  readonly injected?: boolean;
  /** The value with further labels. */
  readonly moreLabels?: string;
  /** The Helm hook that they belong to. */
  readonly hook?: 'post-delete' | 'test';
  /** Whether an uninstall leaves them, if the values say so. */
  readonly kept?: boolean;
}

/** Stands for the namespace of the release until `templateOf` has made a template of the object. */
export const releaseNamespace = 'RELEASE-NAMESPACE';

/** A key, or an item of a list, that becomes what the named template says: fields, or items. */
export function including(template: string): Readonly<Record<string, string>> {
  return { [`INCLUDE.${template}`]: '' };
}

/** A text that becomes the output of a named template. */
export function outputOf(template: string): string {
  return `OUTPUT.${template}`;
}

/**
 * A Helm template of these objects: labels and annotations of the release are added, marks become inclusions, and what looks like
 * a template in the objects themselves is printed as it stands.
 */
export function templateOf(
  objects: readonly KubernetesObject[],
  { source, when, ...rest }: TemplateOptions,
): string {
  const documents = objects.map((object) => documentOf(object, rest)).join('---\n');
  const body = when === undefined ? documents : `{{- if ${when} }}\n${documents}{{- end }}\n`;
  return `{{- /* Generated from ${source} by "npm run generate". Do not edit. */ -}}\n${body}`;
}

type Marks = Omit<TemplateOptions, 'source' | 'when'>;

function documentOf(
  object: KubernetesObject,
  { wave, injected, kept, hook, moreLabels }: Marks,
): string {
  const { labels = {}, annotations, ...metadata } = object.metadata;
  if (annotations !== undefined) throw new Error(`annotations of ${metadata.name} would be lost`);
  const marked = { ...object, metadata: { ...metadata, LABELS: '', ANNOTATIONS: '' } };
  const own = Object.entries(labels).flatMap((entry) => entry.map(quoted));
  const flags = [
    `"root" $ "wave" ${quoted(wave)}`,
    ...(injected === true ? ['"injected" true'] : []),
    ...(kept === true ? ['"kept" true'] : []),
    ...(hook === undefined ? [] : [`"hook" ${quoted(hook)}`]),
  ];
  // Anchors and folded lines save space and make the file hard to read and compare.
  return stringify(marked, { lineWidth: 0, aliasDuplicateObjects: false })
    .replaceAll('{{', '{{ "{{" }}')
    .replace('  LABELS: ""\n', labelsOf(own.join(' '), moreLabels))
    .replace('  ANNOTATIONS: ""\n', annotationsOf(flags.join(' ')))
    .replaceAll(/^( *)(?:- )?INCLUDE\.(.+): ""$/gmu, included)
    .replaceAll(/OUTPUT\.([\w.]+)/gu, '{{ include "$1" $ }}')
    .replaceAll(releaseNamespace, '{{ $.Release.Namespace }}');
}

function labelsOf(own: string, more: string | undefined): string {
  const labels = more === undefined ? `(dict ${own})` : `(merge (dict ${own}) $${more})`;
  return `  labels:
    {{- include "sluice.labels" (dict "root" $ "own" ${labels}) | nindent 4 }}
`;
}

function annotationsOf(flags: string): string {
  return `  {{- with include "sluice.annotations" (dict ${flags}) }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
`;
}

function included(_: string, indent: string, template: string): string {
  return `${indent}{{- include "${template}" $ | nindent ${indent.length} }}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
