import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { whyAppVersion, whyWorkloadVersion } from '../../domain/explain/why-version.ts';
import { BadInput, FoundFailed, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { structured } from '../command/output-option.ts';
import { findingText } from '../explain/finding-text.ts';
import { manifestFiles } from '../manifests/manifest-files.ts';
import { differences } from './differences.ts';
import { playCase, type Played } from './play-case.ts';
import { asData, asJunit, asText, type CaseResult } from './report.ts';
import { casesOf, type TestCase } from './test-file.ts';

/** The options of `sluice test` as they were parsed. */
export interface TestOptions {
  readonly format: 'text' | 'json' | 'junit';
  readonly run?: string;
}

/** Plays the cases of these files and says what is not as expected. Throws `FoundFailed` when something is not, and `BadInput`. */
export async function runTests(
  paths: readonly string[],
  options: TestOptions,
  terminal: Terminal,
): Promise<void> {
  const files = await manifestFiles(paths);
  const isTest = ({ name }: { readonly name: string }): boolean =>
    paths.includes(name) || name === '<stdin>' || /[.-]test\.ya?ml$/u.test(name);
  const all = files.filter(isTest).flatMap(casesOf);
  const wanted = all.filter(({ name }) => options.run === undefined || name.includes(options.run));
  if (wanted.length === 0)
    throw new BadInput(
      all.length === 0
        ? `${paths.join(', ')}: holds no file that ends in -test.yaml or .test.yaml`
        : `no case has "${options.run ?? ''}" in its name`,
    );
  const results: CaseResult[] = [];
  for (const testCase of wanted) results.push(await resultOf(testCase));
  terminal.write(shown(results, options, terminal));
  if (results.some((result) => result.differences.length > 0)) throw new FoundFailed();
}

async function resultOf(testCase: TestCase): Promise<CaseResult> {
  const startMs = systemClock.elapsed();
  const played = await playCase(testCase);
  const found = differences(testCase.expect, played);
  const why = found.length === 0 ? [] : reasonsIn(played);
  return { testCase, differences: found, why, tookMs: systemClock.elapsed() - startMs };
}

/** As `sluice explain` says it, of each version that is not through. */
function reasonsIn({ play }: Played): readonly string[] {
  const { store, lookup, clock } = play;
  const paper = { inColor: false, now: clock.now() };
  return [
    ...store.list(KeptnAppVersion).map((version) => whyAppVersion(version, lookup)),
    ...store.list(KeptnWorkloadVersion).map((version) => whyWorkloadVersion(version, lookup)),
  ]
    .filter(({ mark }) => mark !== 'done')
    .flatMap((finding) => findingText(finding, paper).split('\n'));
}

function shown(results: readonly CaseResult[], options: TestOptions, terminal: Terminal): string {
  switch (options.format) {
    case 'text':
      return asText(results, terminal);
    case 'json':
      return structured(asData(results), 'json');
    case 'junit':
      return asJunit(results);
  }
}
