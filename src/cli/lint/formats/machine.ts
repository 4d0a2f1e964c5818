import { rules } from '../../../lint/rules.ts';
import type { Finding, Level } from '../finding.ts';

/** One JSON array of findings, for scripts. */
export function asJson(findings: readonly Finding[]): string {
  return `${JSON.stringify(findings, undefined, 2)}\n`;
}

/** Workflow commands of GitHub Actions: each finding becomes an annotation of its line. */
export function asGithub(findings: readonly Finding[]): string {
  const words: Readonly<Record<Level, string>> = {
    error: 'error',
    warning: 'warning',
    note: 'notice',
  };
  const lines = findings.map(({ level, file, line, column, rule, object, path, message }) => {
    const properties = [
      `file=${property(file)}`,
      `line=${line}`,
      `col=${column}`,
      `title=${property(rule)}`,
    ];
    const said = [object, path, message].filter((part) => part !== '').join(': ');
    return `::${words[level]} ${properties.join(',')}::${escaped(said)}`;
  });
  return lines.map((line) => `${line}\n`).join('');
}

// https://docs.github.com/actions/reference/workflow-commands: what would end a command or a property is written as %XX.
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** JUnit XML: a test suite per file, a failed test case per finding; a file without any is one that passed. */
export function asJunit(findings: readonly Finding[], files: readonly string[]): string {
  const suites = files.map((file) => {
    const found = findings.filter((finding) => finding.file === file);
    const cases = found.map(
      ({ rule, level, line, column, object, path, message }) =>
        `    <testcase name="${xml(`${rule} ${object} ${path} ${line}:${column}`)}" classname="${xml(file)}">\n` +
        `      <failure type="${level}" message="${xml(message)}">${xml(`${file}:${line}:${column} ${object} ${path}`)}</failure>\n` +
        '    </testcase>\n',
    );
    const body =
      found.length > 0
        ? cases.join('')
        : `    <testcase name="no findings" classname="${xml(file)}"/>\n`;
    const tests = Math.max(1, found.length);
    return `  <testsuite name="${xml(file)}" tests="${tests}" failures="${found.length}">\n${body}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sluice lint">\n${suites.join('')}</testsuites>\n`;
}

/** Also control characters, which XML 1.0 has no way to write. */
function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[^\P{Cc}\t\n]/gu, '\u{fffd}');
}

/** SARIF 2.1.0, as code scanning reads it. */
export function asSarif(findings: readonly Finding[], version: string): string {
  const named = new Set(findings.map(({ rule }) => rule));
  const descriptors = [...named].map((id) => {
    const rule = rules.find((one) => one.id === id);
    return {
      id,
      ...(rule !== undefined && {
        shortDescription: { text: rule.title },
        fullDescription: { text: rule.why },
        help: { text: rule.fix },
      }),
    };
  });
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sluice lint', version, rules: descriptors } },
        columnKind: 'unicodeCodePoints',
        results: findings.map(resultOf),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function resultOf({ rule, level, file, line, column, object, path, message }: Finding) {
  const subject = [object, path].filter((part) => part !== '').join(' ');
  return {
    ruleId: rule,
    level,
    message: { text: subject === '' ? message : `${subject}: ${message}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.replaceAll('\\', '/') },
          region: { startLine: line, startColumn: column },
        },
        ...(object !== '' && { logicalLocations: [{ fullyQualifiedName: subject }] }),
      },
    ],
    partialFingerprints: { 'sluiceFinding/v1': [file, object, path, rule].join(' | ') },
  };
}
