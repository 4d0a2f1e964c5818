import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../../control-plane/binaries.ts';
import { releaseOf } from '../../control-plane/versions.ts';
import type { Ended } from './sluice-process.ts';
import type { Manifest } from './test-cluster.ts';

/** The chart of this checkout. */
export const chartFolder = new URL('../../../manifests/chart', import.meta.url).pathname;

/** The folder in which the commands of README.md are typed. */
const checkout = new URL('../../..', import.meta.url).pathname;

/** What a run of Helm is given besides its arguments. */
interface HelmRun {
  readonly stdin?: string;
  /** Beside the variables of this process, such as KUBECONFIG. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs Helm in this checkout, to its end; it keeps nothing of what others have set up. */
export async function runHelm(
  args: readonly string[],
  { stdin = '', env: more = {} }: HelmRun = {},
): Promise<Ended> {
  const helm = await findHelm({
    release: releaseOf(process.env['SLUICE_KUBERNETES']),
    environment: process.env,
    progress: () => undefined,
  });
  const home = join(tmpdir(), `sluice-helm-${process.pid}`);
  const env = {
    ...process.env,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    ...more,
  };
  const child = spawn(helm, args, { cwd: checkout, env });
  const closed: Promise<unknown[]> = once(child, 'close');
  child.stdin.end(stdin);
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { exitCode: typeof code === 'number' ? code : 1, output: output + complaint };
}

/** As `runHelm`; anything but exit code 0 rejects with what Helm said. */
export async function mustRunHelm(args: readonly string[], run: HelmRun = {}): Promise<string> {
  const { exitCode, output } = await runHelm(args, run);
  if (exitCode !== 0) throw new Error(`helm ${args.join(' ')} ended with ${exitCode}: ${output}`);
  return output;
}

/** What the chart makes of these values, in the namespace of Keptn; of one template alone if that is named. */
export async function renderedChart(values: object = {}, template?: string): Promise<Manifest[]> {
  const only = template === undefined ? [] : ['--show-only', `templates/${template}`];
  const release = ['sluice', chartFolder, '--namespace', 'keptn-system'];
  return objectsIn(
    await mustRunHelm(['template', ...release, '--values', '-', ...only], {
      stdin: JSON.stringify(values),
    }),
  );
}

/** What people read after `helm install` with these values. */
export async function notesOf(values: object): Promise<string> {
  const release = ['sluice', chartFolder, '--namespace', 'keptn-system'];
  const output = await mustRunHelm(['install', ...release, '--dry-run=client', '--values', '-'], {
    stdin: JSON.stringify(values),
  });
  return output.slice(output.indexOf('\nNOTES:'));
}

/** The objects in a text of YAML documents. */
export function objectsIn(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const object: unknown = document.toJS();
    if (object === null) return [];
    if (!Value.Check(manifestSchema, object)) throw new Error(`no object: ${String(document)}`);
    return [object];
  });
}

const manifestSchema = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({ name: Type.String() }),
});
