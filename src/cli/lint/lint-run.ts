import { writeFile } from 'node:fs/promises';
import { visibleText } from '../../api/text/visible-text.ts';
import { rules } from '../../lint/rules.ts';
import { BadInput, FoundFailed } from '../../process/terminal.ts';
import { version } from '../../process/version.ts';
import { baselineOf, readBaseline, withoutKnown } from './baseline.ts';
import { type Finding, levels } from './finding.ts';
import { diffOf, fixedFile, writeFixed } from './fix-files.ts';
import { asGithub, asJson, asJunit, asSarif } from './formats/machine.ts';
import { asText } from './formats/text.ts';
import { type Judgement, judgeFiles, kindsOfFiles } from './judge-files.ts';
import { type LintConfig, lintConfig, ruleLevel } from './lint-config.ts';
import { manifestFiles, type NamedText } from '../manifests/manifest-files.ts';
import { type Asking, kindsOfCluster, knownObjects } from '../manifests/read-objects.ts';

/** The options of `sluice lint` as they were parsed. */
export interface LintOptions {
  readonly known?: readonly string[];
  readonly format: 'text' | 'json' | 'sarif' | 'junit' | 'github';
  readonly rule?: readonly string[];
  readonly strict?: boolean;
  readonly failOn: (typeof levels)[number] | 'never';
  readonly config?: string;
  readonly baseline?: string;
  readonly writeBaseline?: boolean;
  readonly fix?: boolean;
  readonly dryRun?: boolean;
  readonly namespace?: string;
  readonly operatorNamespace?: string;
  readonly definitionsNamespace?: string;
  readonly rules?: boolean;
}

/** Judges the files and writes what was found. Throws `FoundFailed` when that counts, and `BadInput`. */
export async function lint(
  paths: readonly string[],
  options: LintOptions,
  asking: Asking,
): Promise<void> {
  if (options.rules === true) {
    asking.terminal.write(listOfRules());
    return;
  }
  const config = await lintConfig(options.config);
  const files = await manifestFiles(paths.length === 0 ? ['-'] : paths);
  if (options.dryRun === true && options.fix !== true)
    throw new BadInput('--dry-run goes with --fix; lint itself changes nothing');
  const first = await judged(files, { config, options, asking });
  if (options.fix === true) return await fix({ files, judgement: first, config, options, asking });
  await tell({ files, judgement: first, config, options, asking });
}

interface Judged {
  readonly files: readonly NamedText[];
  readonly judgement: Judgement;
  readonly config: LintConfig;
  readonly options: LintOptions;
  readonly asking: Asking;
}

/** Mends what can be mended, and tells what is left; with `--dry-run` shows the changes and tells everything. */
async function fix(by: Judged): Promise<void> {
  const { files, judgement, config, options, asking } = by;
  if (files.some(({ name }) => name === '<stdin>'))
    throw new BadInput('--fix writes into files, and standard input is none');
  const fixed = files.map((file) => fixedFile(file, judgement.findings));
  const edits = fixed.reduce((sum, one) => sum + one.edits, 0);
  if (options.dryRun === true) {
    asking.terminal.write(visibleText(fixed.map(diffOf).join('')));
    asking.terminal.writeError(`${edits} changes would be made\n`);
    if (edits > 0) throw new FoundFailed();
    return;
  }
  await writeFixed(fixed);
  asking.terminal.writeError(`${edits} changes made\n`);
  const now = fixed.map(({ name, after }) => ({ name, text: after }));
  await tell({ ...by, files: now, judgement: await judged(now, { config, options, asking }) });
}

/** Writes the findings, or the baseline. Throws `FoundFailed` when they count. */
async function tell({ files, judgement, config, options, asking }: Judged): Promise<void> {
  const { terminal } = asking;
  const baseline = options.baseline ?? config.baseline;
  if (options.writeBaseline === true) {
    if (baseline === undefined)
      throw new BadInput(
        '--write-baseline needs --baseline FILE, or baseline: in the configuration',
      );
    await writeFile(baseline, baselineOf(judgement.findings));
    terminal.writeError(`${judgement.findings.length} findings written into ${baseline}\n`);
    return;
  }
  const news =
    baseline === undefined
      ? { findings: judgement.findings, known: 0 }
      : withoutKnown(judgement.findings, await readBaseline(baseline), baseline);
  const shown = { ...judgement, findings: news.findings };
  terminal.write(
    written(shown, { files, known: news.known, format: options.format, inColor: terminal.inColor }),
  );
  if (counts(shown.findings, options.failOn)) throw new FoundFailed();
}

async function judged(
  files: readonly NamedText[],
  {
    config,
    options,
    asking,
  }: { readonly config: LintConfig; readonly options: LintOptions; readonly asking: Asking },
): Promise<Judgement> {
  const namespace = options.namespace ?? config.namespace ?? 'default';
  const operatorNamespace = options.operatorNamespace ?? config.operatorNamespace ?? 'keptn-system';
  const sources = [...config.known, ...(options.known ?? [])];
  const known = await knownObjects(sources, namespace, asking);
  return judgeFiles(files, {
    namespace,
    operatorNamespace,
    definitionsNamespace:
      options.definitionsNamespace ?? config.definitionsNamespace ?? operatorNamespace,
    known: known.objects,
    complete: known.isLive ? kindsOfCluster : sources.length > 0 ? kindsOfFiles : [],
    isStrict: options.strict ?? config.strict,
    levels: { ...config.rules, ...Object.fromEntries((options.rule ?? []).map(ruleLevel)) },
  });
}

function written(
  judgement: Judgement,
  {
    files,
    known,
    format,
    inColor,
  }: {
    readonly files: readonly NamedText[];
    readonly known: number;
    readonly format: LintOptions['format'];
    readonly inColor: boolean;
  },
): string {
  const { findings } = judgement;
  switch (format) {
    case 'text':
      return asText(judgement, files, { inColor, known });
    case 'json':
      return asJson(findings);
    case 'sarif':
      return asSarif(findings, version);
    case 'junit':
      return asJunit(
        findings,
        files.map(({ name }) => name),
      );
    case 'github':
      return asGithub(findings);
  }
}

function counts(findings: readonly Finding[], failOn: LintOptions['failOn']): boolean {
  if (failOn === 'never') return false;
  const least = levels.indexOf(failOn);
  return findings.some(({ level }) => levels.indexOf(level) <= least);
}

function listOfRules(): string {
  const width = Math.max(...rules.map(({ id }) => id.length));
  return rules
    .map(({ id, severity, title }) => `${id.padEnd(width)}  ${severity.padEnd(8)}  ${title}\n`)
    .join('');
}
