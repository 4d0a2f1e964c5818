import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { webhookServiceName } from '../../admission/manifests.ts';
import type { Config } from '../../config/config.ts';
import { settings } from '../../config/config.ts';
import { duration } from '../../config/setting.ts';
import type { Installing } from '../../install/install-cluster.ts';
import { backReport } from '../../install/migration/back-report.ts';
import { asItWas, carriedFrom } from '../../install/migration/carried.ts';
import { type FoundKeptn, findKeptn } from '../../install/migration/found-keptn.ts';
import { handBack } from '../../install/migration/hand-back.ts';
import { migrationReport, type MigrationReport } from '../../install/migration/migration-report.ts';
import { sealKey } from '../../install/migration/record-seal.ts';
import { type MigrationRecord, readRecord, recordName } from '../../install/migration/record.ts';
import { takeOver, type TakingOver } from '../../install/migration/take-over.ts';
import { targetFor } from '../../install/migration/target.ts';
import { shippedImage } from '../../install/workload.ts';
import { BadInput, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { configOf, connected, connecting } from '../command/command-config.ts';
import { addSettings, settingFlags } from '../command/setting-options.ts';
import { userOf } from '../command/user-of.ts';
import { backText, migrationText } from './migration-text.ts';
import { sluiceAt, sluiceInCluster } from './sluice-answers.ts';

interface MigrateOptions {
  readonly output: 'text' | 'json' | 'values';
  readonly apply?: true;
  readonly back?: true;
  readonly url?: string;
  readonly caFile?: string;
  readonly image: string;
  readonly user?: readonly string[];
  readonly wait: string;
  readonly ignoreManagers?: true;
  readonly keptnNamespace?: string;
}

/** `sluice migrate`: what of a Keptn is in a cluster and what becomes of it; with `--apply` Sluice takes its place, and gives it back. */
export function migrateCommand(terminal: Terminal): Command {
  const command = new Command('migrate')
    .description(
      'say what of a Keptn is in the cluster and what becomes of it; with --apply, put Sluice in its place, with --back, give it back. Changes nothing without --apply',
    )
    .option('--apply', 'do what the report says')
    .option('--back', 'the way back: to the Keptn whose place Sluice has taken')
    .addOption(
      new Option('-o, --output <format>', 'how to show the report; values: those for the chart')
        .choices(['text', 'json', 'values'])
        .default('text'),
    )
    .option('--image <image>', 'the image of Sluice', shippedImage)
    .option('--url <url>', 'where the API server reaches a Sluice outside the cluster')
    .option('--ca-file <file>', 'with --url: the authority that signed its certificate (PEM)')
    .option('--user <name...>', 'with --url: names by which the API server knows Sluice')
    .option('--wait <duration>', 'how long Sluice may take until it answers', '5m')
    .option(
      '--ignore-managers',
      'although Argo CD or Flux applies Keptn; you have stopped them from doing so',
    )
    .option(
      '--keptn-namespace <name>',
      'where Keptn’s lifecycle-operator runs; needed where its webhooks, APIServices and CRDs do not name one namespace',
    );
  return addSettings(command, [
    ...connecting,
    settings.namespace,
    settings.leaseNamespace,
    settings.leaseName,
    settings.certificateSecret,
    settings.backstop,
  ])
    .addHelpText(
      'after',
      `
It may be stopped at any moment; the same command goes on where it ended. Nothing of Keptn's is deleted that --back does not bring back.

Examples:
  sluice migrate                                what is there, and what becomes of it
  sluice migrate -o values > sluice-values.yaml what Keptn's Helm values are for the chart of Sluice
  sluice migrate --apply
  sluice migrate --back                         what the way back does
  sluice migrate --back --apply`,
    )
    .action(async (options: MigrateOptions) => {
      await using connection = await connected(command, terminal);
      const { client: cluster } = connection;
      const given = configOf(command, terminal);
      const isGiven = isNamespaceGiven(command, terminal.env);
      const { keptnNamespace } = options;
      const look = { keptnNamespace, ...(isGiven && { namespace: given.namespace }) };
      const found = await findKeptn(cluster, look);
      if (found.unclear !== undefined) throw new BadInput(`nothing was changed: ${found.unclear}`);
      if (options.back !== true) refuseWithoutOperator(found, keptnNamespace);
      const config = isGiven ? given : placed(given, found);
      const done: string[] = [];
      const tell = (line: string): void => {
        done.push(line);
        (options.output === 'text' ? terminal.write : terminal.writeError)(`${line}\n`);
      };
      const by: Migrating = {
        config,
        found,
        isKnownPlace: isGiven || found.named.has(config.namespace),
        options,
        terminal,
        installing: { cluster, clock: systemClock, tell },
        done,
        user: () => userOf(connection),
      };
      await (options.back === true ? back(by) : forth(by));
    });
}

interface Migrating {
  readonly config: Config;
  readonly found: FoundKeptn;
  /** Whether its user or Keptn says that Sluice is to run in this namespace: a record elsewhere may be anybody's. */
  readonly isKnownPlace: boolean;
  readonly options: MigrateOptions;
  readonly terminal: Terminal;
  readonly installing: Installing;
  /** The lines that were written so far. */
  readonly done: readonly string[];
  readonly user: () => Promise<string>;
}

function isNamespaceGiven(command: Command, env: Terminal['env']): boolean {
  const { flag, env: variable } = settings.namespace;
  return settingFlags(command, [settings.namespace]).has(flag) || Boolean(env[variable]);
}

/** Sluice runs beside its Keptn unless another namespace is named: shared definitions and configuration are there. */
function placed(config: Config, found: FoundKeptn): Config {
  const beside = carriedFrom(found).namespace;
  if (beside === undefined) return config;
  const { leaseNamespace } = config;
  const isOwn = leaseNamespace === config.namespace;
  return { ...config, namespace: beside, leaseNamespace: isOwn ? beside : leaseNamespace };
}

function refuseWithoutOperator({ deployments }: FoundKeptn, given: string | undefined): void {
  const isThere = deployments.some(({ metadata }) => metadata.name === 'lifecycle-operator');
  if (given === undefined || isThere) return;
  throw new BadInput(`--keptn-namespace: no Deployment lifecycle-operator is in ${given}`);
}

async function recordOf({
  config,
  isKnownPlace,
  installing,
}: Migrating): Promise<MigrationRecord | undefined> {
  return isKnownPlace ? readRecord(config.namespace, installing.cluster) : undefined;
}

async function forth(by: Migrating): Promise<void> {
  const { config, found, options, terminal, installing } = by;
  const { namespace } = config;
  const record = await recordOf(by);
  const report = migrationReport(found, { namespace, record });
  const { stringify } = await import('../yaml-text.ts');
  const values = valuesText(report, (value) => stringify(value));
  if (options.output === 'values') terminal.write(values);
  if (options.output === 'text') terminal.write(migrationText(report, values));
  if (options.apply === true) {
    refuse(report.obstacles, options);
    const isHere = found.deployments.length > 0 || found.webhookConfigurations.length > 0;
    if (!isHere && record === undefined) {
      throw new BadInput('no Keptn is here to take over from; sluice install puts Sluice there');
    }
    if (!by.isKnownPlace) {
      throw new BadInput(
        'nothing was changed: Keptn’s Deployment lifecycle-operator is not where its webhooks lead to, so nothing says where Sluice is to run; give it: --namespace NAME',
      );
    }
    await takeOver(await takingOver(by, record), installing);
    installing.tell(whatNext(report, found));
  } else if (options.output === 'text') {
    terminal.write('Nothing was changed. To do it: sluice migrate --apply\n');
  }
  if (options.output === 'json') {
    terminal.write(`${JSON.stringify({ ...report, done: by.done }, undefined, 2)}\n`);
  }
}

async function back(by: Migrating): Promise<void> {
  const { config, found, options, terminal, installing } = by;
  const { namespace } = config;
  const record = await recordOf(by);
  if (record === undefined) {
    throw new BadInput(
      `there is no record of a migration (ConfigMap ${namespace}/${recordName} and the annotation ${sealKey} of its Namespace), so there is nothing to go back to`,
    );
  }
  if (!found.deployments.some(({ metadata }) => metadata.name === 'lifecycle-operator')) {
    throw new BadInput(
      'nothing was changed: Keptn’s Deployment lifecycle-operator is gone, so that its webhooks would get no answer. Install Keptn’s chart again to go back to Keptn',
    );
  }
  const report = await backReport(record, found, { ...installing, namespace });
  if (options.output === 'text') terminal.write(backText(report));
  if (options.apply === true) {
    refuse(report.obstacles, options);
    const { installation, lease } = await takingOver(by, record);
    const { keptnNamespace } = options;
    await handBack({ installation, lease, record, keptnNamespace }, installing);
  } else if (options.output === 'text') {
    terminal.write('Nothing was changed. To do it: sluice migrate --back --apply\n');
  }
  if (options.output !== 'text') {
    terminal.write(`${JSON.stringify({ ...report, done: by.done }, undefined, 2)}\n`);
  }
}

function refuse(obstacles: readonly string[], { ignoreManagers }: MigrateOptions): void {
  if (obstacles.length === 0 || ignoreManagers === true) return;
  throw new BadInput(
    `nothing was changed:\n${obstacles.map((one) => `  ${one}\n`).join('')}Once that is done: --ignore-managers`,
  );
}

/** The values of the chart as a file, with what it does not carry over as comments. */
function valuesText(
  { values, withoutMeaning }: MigrationReport,
  stringify: (value: unknown) => string,
): string {
  const comments = withoutMeaning.map(({ path, why }) => `# ${path} has no meaning here: ${why}\n`);
  const isEmpty = Object.keys(values).length === 0;
  return comments.join('') + (isEmpty ? '' : stringify(values));
}

async function takingOver(
  { config, found, options, installing, user }: Migrating,
  record: MigrationRecord | undefined,
): Promise<TakingOver> {
  const { namespace, leaseNamespace, leaseName, certificateSecret, backstop } = config;
  const { url, image } = options;
  const { environment, placement, replicas, ...lists } = carriedFrom(
    asItWas(found, record),
    namespace,
  );
  const users = options.user ?? (url === undefined ? [] : [await user()]);
  const withinMs = durationOf(options.wait);
  const waiting = { installing, withinMs };
  const waits =
    url === undefined
      ? sluiceInCluster({ namespace, certificateSecret }, waiting)
      : sluiceAt(url, await authorityIn(options.caFile), waiting);
  return {
    ...waits,
    lease: { namespace: leaseNamespace, name: leaseName },
    keptnNamespace: options.keptnNamespace,
    installation: {
      namespace,
      leaseNamespace,
      certificateSecret,
      backstop,
      users,
      target:
        url === undefined
          ? await targetFor({ namespace, usual: webhookServiceName }, installing.cluster)
          : { url },
      allowedNamespaces: lists.allowedNamespaces,
      deniedNamespaces: lists.deniedNamespaces,
      workload: { image, environment, placement, ...(replicas !== undefined && { replicas }) },
    },
  };
}

async function authorityIn(file: string | undefined): Promise<string> {
  if (file === undefined) throw new BadInput('--url: --ca-file is needed beside it');
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BadInput(`--ca-file: ${file} cannot be read`, { cause });
  });
}

function durationOf(given: string): number {
  const type = duration(0);
  const ms = type.read(given);
  if (ms === undefined) throw new BadInput(`--wait: "${given}", expected ${type.expected}`);
  return ms;
}

/** What is left to do, which Sluice leaves to people. */
function whatNext({ namespace }: MigrationReport, { releases }: FoundKeptn): string {
  // Only of these the newest revision is one without what Sluice has taken over.
  const read = releases.filter(({ newest }) => newest !== undefined);
  const uninstalls = read.map(
    ({ release }) =>
      `\n  helm uninstall ${release.name} -n ${release.namespace}     takes away what is left of Keptn, and no CRD and no object`,
  );
  return `Sluice has taken over in ${namespace}. As you like, in this order:
  sluice migrate --back                what the way back would do; there is none after the next command${uninstalls.join('')}
  helm install sluice CHART -n ${namespace} --take-ownership --force-conflicts -f VALUES     from now on Helm keeps Sluice (VALUES: sluice migrate -o values, beforehand; Helm 3 has no --force-conflicts and needs none)`;
}
