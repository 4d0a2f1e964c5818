import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { webhookServiceName } from '../admission/manifests.ts';
import { defined } from '../api/json.ts';
import { type Config, settings } from '../config/config.ts';
import type { Connection } from '../kubernetes/connect.ts';
import { userOf } from './command/user-of.ts';
import { systemClock } from '../runtime/clock.ts';
import { configOf, connected, connecting } from './command/command-config.ts';
import { install } from '../install/install.ts';
import {
  type InstallationPart,
  installationParts,
  type InstallationSettings,
  objectsOfPart,
  type WebhookMode,
} from '../install/installation.ts';
import { durationOption } from './command/duration-option.ts';
import { addSettings } from './command/setting-options.ts';
import { shippedImage } from '../install/workload.ts';
import { uninstall } from '../install/uninstall.ts';
import { BadInput, type Terminal } from '../process/terminal.ts';

// Anchors save space and make the text hard to read.
const plainYaml = { lineWidth: 0, aliasDuplicateObjects: false } as const;

interface InstallOptions extends Partial<Record<InstallationPart, true>> {
  readonly url?: string;
  readonly service: string;
  readonly image: string;
  readonly replicas: number;
  readonly caFile?: string;
  readonly user?: readonly string[];
  readonly requesterChecks: string;
  readonly webhookMode: WebhookMode;
  readonly forceConflicts?: true;
  readonly dryRun?: true;
}

/** `sluice install`: what the API server has to know of Sluice. */
export function installCommand(terminal: Terminal): Command {
  const command = new Command('install')
    .description(
      'make Sluice run in the cluster, with its CRDs, rights, webhooks and policies; with --url all but the process. A second time changes nothing',
    )
    .option(
      '--url <url>',
      'where the API server reaches a Sluice outside the cluster, such as https://127.0.0.1:9443',
    )
    .option(
      '--service <name>',
      'the Service that it reaches a Sluice inside the cluster by',
      webhookServiceName,
    )
    .option('--image <image>', 'the image of a Sluice inside the cluster', shippedImage)
    .addOption(
      new Option('--replicas <number>', 'how many run inside the cluster')
        .default(2)
        .argParser(wholeNumber),
    )
    .option(
      '--ca-file <file>',
      'certificate of the authority that signed the server’s (PEM); without it the caBundle that is there stays, or is filled in by Sluice when it runs in the cluster, or by cert-manager',
    )
    .option(
      '--user <name...>',
      'name by which the API server knows Sluice beside its service account; with --url the one who installs, if not given',
    )
    .addOption(
      new Option(
        '--requester-checks <on|off>',
        'whether those who write definitions, tasks and providers need the rights that these use',
      )
        .choices(['on', 'off'])
        .default('on'),
    )
    .addOption(
      new Option(
        '--webhook-mode <mode>',
        'what gates Pods: the webhook alone, or a policy of the API server before it (Kubernetes 1.36), so that what is not Released is held while no Sluice answers; admissionPolicy brings the backstop along',
      )
        .choices(['webhook', 'admissionPolicy'])
        .default('webhook'),
    )
    .option('--force-conflicts', 'take over what others have set to something else')
    .option('--dry-run', 'print the objects as YAML and change nothing');
  for (const part of installationParts)
    command.option(`--${part}`, `only this part (and others named): ${part}`);
  return addSettings(command, [
    ...connecting,
    settings.namespace,
    settings.leaseNamespace,
    settings.certificateSecret,
    settings.backstop,
    settings.allowedNamespaces,
    settings.deniedNamespaces,
  ])
    .addHelpText(
      'after',
      `
Examples:
  sluice install                                                     in the cluster, two replicas
  sluice install --url https://127.0.0.1:9443 --ca-file certs/ca.crt  for one on this machine
  sluice install --crds --ca-file certs/ca.crt                       the CRDs alone; they name who converts old versions
  sluice install --dry-run > sluice.yaml`,
    )
    .action(async (options: InstallOptions) => {
      const named = installationParts.filter((part) => options[part]);
      const parts = named.length === 0 ? installationParts : named;
      const installation = await installationSettings(configOf(command, terminal), options);
      if (options.dryRun) {
        // Only now: `sluice run` writes no YAML.
        const { stringify } = await import('./yaml-text.ts');
        const objects = parts.flatMap((part) => objectsOfPart(part, installation));
        terminal.write(objects.map(({ object }) => stringify(object, plainYaml)).join('---\n'));
        return;
      }
      await using connection = await connected(command, terminal);
      const users = options.user ?? (options.url === undefined ? [] : [await userOf(connection)]);
      const forceConflicts = options.forceConflicts === true;
      await install(
        parts,
        { ...installation, users, forceConflicts },
        installing(connection, terminal),
      );
    });
}

async function installationSettings(
  {
    namespace,
    leaseNamespace,
    certificateSecret,
    backstop,
    allowedNamespaces,
    deniedNamespaces,
  }: Config,
  options: InstallOptions,
): Promise<InstallationSettings> {
  const { url, service, image, replicas, caFile, user, requesterChecks, webhookMode } = options;
  if (url !== undefined && !/^https:\/\/[^/]+$/u.test(url)) {
    throw new BadInput(`--url: "${url}", expected https://HOST:PORT without a path`);
  }
  const caBundle = caFile === undefined ? undefined : await pemOf(caFile);
  return {
    namespace,
    leaseNamespace,
    certificateSecret,
    backstop,
    allowedNamespaces,
    deniedNamespaces,
    target: url === undefined ? { service: { name: service, namespace } } : { url },
    requesterChecks: requesterChecks === 'on',
    webhookMode,
    workload: { image, replicas },
    ...defined({ users: user, caBundle }),
  };
}

async function pemOf(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BadInput(`--ca-file: ${file} cannot be read; "sluice certs" makes one`, { cause });
  });
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new BadInput(`--ca-file: ${file} holds no certificate in PEM`);
  }
  return pem;
}

/** The value of an option that is a number, from 0 on. */
function wholeNumber(given: string): number {
  if (!/^\d{1,3}$/u.test(given)) throw new InvalidArgumentError('expected a whole number');
  return Number(given);
}

interface UninstallOptions {
  readonly crds?: true;
  readonly force?: true;
  readonly unlessInstalled?: true;
  readonly wait?: number;
}

/** `sluice uninstall`: the way back. */
export function uninstallCommand(terminal: Terminal): Command {
  const command = new Command('uninstall')
    .description(
      'take Sluice out of the cluster: webhooks first, then every own gate is lifted, then its rights',
    )
    .option('--crds', 'the CRDs too, and with them every object of Keptn’s kinds')
    .addOption(durationOption('--wait', 'wait so long for a Sluice that runs and is about to end'))
    .option('--force', 'although a Sluice still runs')
    .option(
      '--unless-installed',
      'end as soon as a Deployment of Sluice is there: an installation has begun meanwhile',
    );
  return addSettings(command, [
    ...connecting,
    settings.namespace,
    settings.leaseNamespace,
    settings.leaseName,
  ])
    .addHelpText(
      'after',
      `
A Sluice that "sluice install" or Helm runs in the cluster is stopped. Stop any other before: while its Lease is held, nothing is
done without --force or --wait.

Examples:
  sluice uninstall
  sluice uninstall --crds --context dev`,
    )
    .action(async (options: UninstallOptions) => {
      const { namespace, leaseNamespace, leaseName } = configOf(command, terminal);
      await using connection = await connected(command, terminal);
      await uninstall(
        {
          namespace,
          leaseNamespace,
          leaseName,
          crds: options.crds === true,
          force: options.force === true,
          unlessInstalled: options.unlessInstalled === true,
          ...defined({ waitMs: options.wait }),
        },
        installing(connection, terminal),
      );
    });
}

function installing({ client }: Connection, { write }: Terminal) {
  return { cluster: client, clock: systemClock, tell: (line: string) => write(`${line}\n`) };
}
