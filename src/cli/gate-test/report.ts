import { visibleText } from '../../api/text/visible-text.ts';
import type { Difference } from './differences.ts';
import type { TestCase } from './test-file.ts';

/** How one case has ended. */
export interface CaseResult {
  readonly testCase: TestCase;
  /** Empty: it passed. */
  readonly differences: readonly Difference[];
  /** Why things are as they are, where something differs; for people. */
  readonly why: readonly string[];
  readonly tookMs: number;
}

/** For people: a line for each case, and under one that failed each difference with its place and the reason of what came. */
export function asText(
  results: readonly CaseResult[],
  { inColor }: { readonly inColor: boolean },
): string {
  const paint = (text: string, code: string): string =>
    inColor ? `\u{1b}[${code}m${text}\u{1b}[0m` : text;
  const lines = results.flatMap(({ testCase, differences, why, tookMs }) => {
    const isPassed = differences.length === 0;
    const sign = isPassed ? paint('✔', '32') : paint('✖', '31');
    const took = `${Math.round(tookMs)} ms`;
    return [
      `${sign} ${visibleText(testCase.name)} (${took})`,
      ...differences.map((one) => `    ${visibleText(placed(testCase, one))}`),
      ...(isPassed ? [] : why.map((line) => `      ${line}`)),
    ];
  });
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  const count = `${results.length - failed} passed${failed === 0 ? '' : `, ${failed} failed`}`;
  return `${[...lines, '', count].join('\n')}\n`;
}

/** For programs. */
export function asData(results: readonly CaseResult[]): unknown {
  return results.map(({ testCase, differences, tookMs }) => ({
    name: testCase.name,
    file: testCase.file,
    passed: differences.length === 0,
    milliseconds: Math.round(tookMs),
    differences: differences.map((one) => ({ ...testCase.positionOf(one.path), ...one })),
  }));
}

/** For CI systems: a suite for each file. */
export function asJunit(results: readonly CaseResult[]): string {
  const files = [...new Set(results.map(({ testCase }) => testCase.file))];
  const suites = files.map((file) => {
    const own = results.filter(({ testCase }) => testCase.file === file);
    const failures = own.filter(({ differences }) => differences.length > 0).length;
    const cases = own.map((result) => junitCase(result));
    return `  <testsuite name="${escaped(file)}" tests="${own.length}" failures="${failures}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sluice test">\n${suites.join('\n')}\n</testsuites>\n`;
}

function junitCase({ testCase, differences, why, tookMs }: CaseResult): string {
  const head = `    <testcase name="${escaped(testCase.name)}" classname="${escaped(testCase.file)}" time="${(tookMs / 1000).toFixed(3)}"`;
  const [first] = differences;
  if (first === undefined) return `${head}/>`;
  const all = [...differences.map((one) => placed(testCase, one)), ...why].join('\n');
  return `${head}>\n      <failure message="${escaped(first.says)}">${escaped(all)}</failure>\n    </testcase>`;
}

function placed(testCase: TestCase, { path, says }: Difference): string {
  const { line, column } = testCase.positionOf(path);
  return `${testCase.file}:${line}:${column} ${path === '' ? '' : `${path}: `}${says}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return visibleText(text).replaceAll(/[&<>"]/gu, (character) => entities[character] ?? '');
}
