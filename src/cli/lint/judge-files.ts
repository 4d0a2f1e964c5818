import { ruleContextOf } from '../../lint/base/rule-context.ts';
import { ownKinds } from '../../api/keptn/registry.ts';
import { type Kind, kindKey, type KubernetesObject } from '../../api/object.ts';
import type { Problem, RuleContext } from '../../lint/base/rule.ts';
import { readManifest } from '../../lint/manifest-problems.ts';
import { problemsOf } from '../../lint/rules.ts';
import { editOf } from './edit-of.ts';
import { type Finding, inReadingOrder, levelOf } from './finding.ts';
import type { LevelOrOff } from './lint-config.ts';
import { type Manifest, manifestsIn } from '../manifests/manifest-documents.ts';
import type { NamedText } from '../manifests/manifest-files.ts';
import { withSuppressions } from './suppressions.ts';

/** How files are judged. */
export interface JudgeSettings {
  /** Of objects that name none. */
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly definitionsNamespace: string;
  /** Objects that are known and not judged. */
  readonly known: readonly KubernetesObject[];
  /** Kinds of which everything is among the files and what is known: only of these something can be called missing. */
  readonly complete: readonly Kind[];
  /** Whether what is doubtful or risky counts as an error; undefined: if the KeptnConfig in force says so (`strictValidation`). */
  readonly isStrict: boolean | undefined;
  readonly levels: Readonly<Record<string, LevelOrOff>>;
}

/** What was found, and how much was looked at. */
export interface Judgement {
  readonly findings: readonly Finding[];
  readonly files: number;
  /** Objects that rules judged. */
  readonly objects: number;
  /** Objects of kinds that no rule is about. */
  readonly others: number;
  readonly suppressed: number;
}

interface Judged {
  readonly file: NamedText;
  readonly manifest: Manifest;
  readonly object: KubernetesObject;
}

/** Judges all objects of the files together, by the rules of the webhooks: each may name the others. */
export function judgeFiles(files: readonly NamedText[], settings: JudgeSettings): Judgement {
  const findings = new Map<NamedText, Finding[]>(files.map((file) => [file, []]));
  const judged: Judged[] = [];
  let others = 0;
  for (const file of files) {
    const { manifests, broken } = manifestsIn(file.text);
    const found = findings.get(file) ?? [];
    for (const { line, column, message } of broken) {
      found.push({
        rule: 'not-yaml',
        level: 'error',
        file: file.name,
        line,
        column,
        object: '',
        path: '',
        message,
      });
    }
    for (const manifest of manifests) {
      const read = readManifest(manifest.object, settings.namespace);
      if (read.type === 'other') others += 1;
      const errors =
        read.type === 'unreadable' ? read.errors : read.type === 'judged' ? read.unknown : [];
      for (const { path, message } of errors) {
        found.push({
          rule: 'not-as-declared',
          level: 'error',
          ...placeOf(file, manifest, path),
          message,
        });
      }
      if (read.type === 'judged') judged.push({ file, manifest, object: read.object });
    }
  }
  const context = contextOf(judged, settings);
  const isStrict = settings.isStrict ?? context.settings.strictValidation;
  for (const { file, manifest, object } of judged) {
    const problems = problemsOf(object, context);
    findings
      .get(file)
      ?.push(...problems.map((problem) => findingOf(problem, { file, manifest, isStrict })));
  }
  return finished(findings, {
    settings,
    counts: { files: files.length, objects: judged.length, others },
  });
}

function finished(
  findings: ReadonlyMap<NamedText, readonly Finding[]>,
  {
    settings,
    counts,
  }: {
    readonly settings: JudgeSettings;
    readonly counts: { readonly files: number; readonly objects: number; readonly others: number };
  },
): Judgement {
  let suppressed = 0;
  const left = [...findings].flatMap(([file, found]) => {
    const after = withSuppressions(found, file);
    suppressed += after.suppressed;
    return after.findings;
  });
  const levelled = left.flatMap((finding): Finding[] => {
    const level = settings.levels[finding.rule] ?? finding.level;
    return level === 'off' ? [] : [{ ...finding, level }];
  });
  return { findings: inReadingOrder(levelled), suppressed, ...counts };
}

function findingOf(
  { rule, path, message, mend }: Problem,
  {
    file,
    manifest,
    isStrict,
  }: { readonly file: NamedText; readonly manifest: Manifest; readonly isStrict: boolean },
): Finding {
  const isRaised = isStrict && (rule.severity === 'doubtful' || rule.severity === 'risky');
  const level = isRaised ? 'error' : levelOf(rule.severity);
  const edit = mend && editOf(manifest, path, mend);
  const place = placeOf(file, manifest, path);
  return { rule: rule.id, level, ...place, message, ...(edit && { edit }) };
}

function placeOf(file: NamedText, manifest: Manifest, path: string) {
  const { kind, metadata } = manifest.object;
  const name =
    typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : '';
  return {
    file: file.name,
    ...manifest.positionOf(path),
    object: `${String(kind)} ${String(name)}`.trim(),
    path,
  };
}

function contextOf(judged: readonly Judged[], settings: JudgeSettings): RuleContext {
  const lookup = lookupOf([...settings.known, ...judged.map(({ object }) => object)]);
  const complete = new Set(settings.complete.map(kindKey));
  return ruleContextOf(lookup, settings, (kind) => complete.has(kindKey(kind)));
}

/** A lookup over many objects; of two with one address the later one counts, as when both are applied. */
function lookupOf(objects: readonly KubernetesObject[]): RuleContext['lookup'] {
  const kinds = new Map<string, Map<string, KubernetesObject>>();
  for (const object of objects) {
    const key = `${object.apiVersion} ${object.kind}`;
    const ofKind = kinds.get(key) ?? new Map<string, KubernetesObject>();
    kinds.set(key, ofKind.set(`${object.metadata.namespace} ${object.metadata.name}`, object));
  }
  const isOf = <T extends KubernetesObject>(kind: Kind<T>, object: KubernetesObject): object is T =>
    object.kind === kind.kind && object.apiVersion === kind.apiVersion;
  const all = (kind: Kind) =>
    kinds.get(`${kind.apiVersion} ${kind.kind}`) ?? new Map<string, KubernetesObject>();
  return {
    get(kind, namespace, name) {
      const found = all(kind).get(`${namespace} ${name}`);
      return found !== undefined && isOf(kind, found) ? found : undefined;
    },
    list: (kind, namespace) =>
      [...all(kind).values()]
        .filter((object) => isOf(kind, object))
        .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
  };
}

/** The kinds of which files that are said to be complete hold everything: not those of Kubernetes. */
export const kindsOfFiles: readonly Kind[] = ownKinds;
