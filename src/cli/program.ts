import { readFile } from 'node:fs/promises';
import { Command, CommanderError, Option } from 'commander';
import { stringify } from 'yaml';
import { type Config, configFrom, settings } from '../config.ts';
import { connect, type Connection } from '../kubernetes/connect.ts';
import { systemClock } from '../runtime/clock.ts';
import { certsCommand } from './certs.ts';
import { explanation } from './explain.ts';
import { targetOf } from './explain-target.ts';
import { install, uninstall } from './install.ts';
import {
  type InstallationPart,
  installationParts,
  type InstallationSettings,
  objectsOfPart,
} from './installation.ts';
import { checkComposition, run } from './run.ts';
import { ConfigInvalid } from './setting.ts';
import { addSettings, settingFlags } from './setting-options.ts';
import { BadInput, type ExitCode, exitCodes, type Terminal } from './terminal.ts';
import { version } from './version.ts';

/** Runs one command line and answers the exit code; everything it has to say goes to the terminal it is given. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    await program(terminal).parseAsync(args, { from: 'user' });
    return exitCodes.success;
  } catch (error) {
    // commander has already said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.success : exitCodes.badInput;
    terminal.writeError(`${wordsOf(error)}\n`);
    return error instanceof BadInput || error instanceof ConfigInvalid
      ? exitCodes.badInput
      : exitCodes.failure;
  }
}

function program(terminal: Terminal): Command {
  const sluice = new Command('sluice')
    .description(
      'Holds the Pods of a new version until its checks have passed: a Keptn-compatible lifecycle gate for Kubernetes.',
    )
    .version(version, '-V, --version')
    .helpCommand('help [command]', 'show the help of a command')
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.writeError })
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  const commands = [
    runCommand(terminal),
    explainCommand(terminal),
    installCommand(terminal),
    uninstallCommand(terminal),
    certsCommand({ now: () => systemClock.now(), print: (line) => terminal.write(`${line}\n`) }),
    new Command('version')
      .description('print the version')
      .action(() => terminal.write(`${version}\n`)),
  ];
  for (const command of commands) sluice.addCommand(command.copyInheritedSettings(sluice));
  return sluice;
}

const all = Object.values(settings);

function runCommand(terminal: Terminal): Command {
  const command = new Command('run')
    .description('run the admission server and the controllers')
    .option(
      '--check',
      'load everything, read the configuration, and end: exit code 0 if all is well',
    );
  return addSettings(command, all)
    .addHelpText(
      'after',
      `
Examples:
  sluice run                                        in a Pod, or with the kubeconfig that kubectl uses
  sluice run --only controllers                     without the admission server
  sluice run --kubeconfig ~/.kube/dev --cert-file certs/tls.crt --key-file certs/tls.key --log-format text
  SLUICE_LOG_LEVEL=debug sluice run                 every setting can be given by flag or variable`,
    )
    .action(async (options: { check?: true }) => {
      const config = configOf(command, terminal);
      checkComposition(config);
      if (options.check !== true) await run(config, terminal);
    });
}

const connecting = [settings.kubeconfig, settings.context] as const;

function explainCommand(terminal: Terminal): Command {
  const command = new Command('explain')
    .description(
      'say why a Pod waits: the chain from it to the check that holds it, the last error, the next try',
    )
    .argument(
      '<kind/name>',
      'pod, deployment, statefulset, daemonset, rollout, keptnworkloadversion (kwv) or keptnappversion (kav)',
    )
    .option('-n, --namespace <name>', 'namespace of the object; that of the context if not given')
    .addOption(
      new Option('-o, --output <format>', 'how to show it')
        .choices(['text', 'json'])
        .default('text'),
    );
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice explain pod/cart-5d4b9-x2x7z -n shop
  sluice explain deployment/cart -n shop
  sluice explain kwv/shop-cart-2.0.0 -n shop -o json

Exit codes: 0 explained, 1 error, 2 bad input`,
    )
    .action(async (target: string, options: { namespace?: string; output: 'text' | 'json' }) => {
      const { namespace: named, output } = options;
      // Judged before anybody is asked.
      targetOf(target);
      await using connection = await connected(command, terminal);
      const namespace = named ?? connection.namespace;
      const request = { target, namespace, output, inColor: terminal.inColor };
      terminal.write(`${await explanation(request, connection.client)}\n`);
    });
}

interface InstallOptions extends Partial<Record<InstallationPart, true>> {
  readonly url?: string;
  readonly service: string;
  readonly caFile?: string;
  readonly dryRun?: true;
}

function installCommand(terminal: Terminal): Command {
  const command = new Command('install')
    .description(
      'make CRDs, rights, webhooks and the opt-in policy be in the cluster; a second time changes nothing',
    )
    .option(
      '--url <url>',
      'where the API server reaches a Sluice outside the cluster, such as https://127.0.0.1:9443',
    )
    .option(
      '--service <name>',
      'the Service that it reaches a Sluice inside the cluster by',
      'sluice',
    )
    .option(
      '--ca-file <file>',
      'certificate of the authority that signed the server’s (PEM); without it something else must fill in caBundle',
    )
    .option('--dry-run', 'print the objects as YAML and change nothing');
  for (const part of installationParts)
    command.option(`--${part}`, `only this part (and others named): ${part}`);
  return addSettings(command, [...connecting, settings.namespace])
    .addHelpText(
      'after',
      `
Examples:
  sluice install --ca-file certs/ca.crt                              for a Sluice in the cluster, behind Service sluice
  sluice install --url https://127.0.0.1:9443 --ca-file certs/ca.crt  for one on this machine
  sluice install --crds                                              the CRDs alone
  sluice install --dry-run > sluice.yaml`,
    )
    .action(async (options: InstallOptions) => {
      const named = installationParts.filter((part) => options[part]);
      const parts = named.length === 0 ? installationParts : named;
      const installation = await installationSettings(
        configOf(command, terminal).namespace,
        options,
      );
      if (options.dryRun) {
        const objects = parts.flatMap((part) => objectsOfPart(part, installation));
        terminal.write(
          objects.map(({ object }) => stringify(object, { lineWidth: 0 })).join('---\n'),
        );
        return;
      }
      await using connection = await connected(command, terminal);
      await install(parts, installation, installing(connection, terminal));
    });
}

async function installationSettings(
  namespace: string,
  options: InstallOptions,
): Promise<InstallationSettings> {
  const { url, service, caFile } = options;
  if (url !== undefined && !/^https:\/\/[^/]+$/u.test(url)) {
    throw new BadInput(`--url: "${url}", expected https://HOST:PORT without a path`);
  }
  const caBundle = caFile === undefined ? undefined : await pemOf(caFile);
  return {
    namespace,
    target: url === undefined ? { service: { name: service, namespace } } : { url },
    ...(caBundle !== undefined && { caBundle }),
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

function uninstallCommand(terminal: Terminal): Command {
  const command = new Command('uninstall')
    .description(
      'take Sluice out of the cluster: webhooks first, then every own gate is lifted, then its rights',
    )
    .option('--crds', 'the CRDs too, and with them every object of Keptn’s kinds');
  return addSettings(command, [...connecting, settings.namespace])
    .addHelpText(
      'after',
      `
Stop Sluice before, or its controllers go on working.

Examples:
  sluice uninstall
  sluice uninstall --crds --context dev`,
    )
    .action(async (options: { crds?: true }) => {
      const { namespace } = configOf(command, terminal);
      await using connection = await connected(command, terminal);
      await uninstall({ namespace, crds: options.crds === true }, installing(connection, terminal));
    });
}

function installing({ client }: Connection, { write }: Terminal) {
  return { cluster: client, clock: systemClock, tell: (line: string) => write(`${line}\n`) };
}

function configOf(command: Command, { env }: Terminal): Config {
  return configFrom({ flags: settingFlags(command, all), env });
}

/** A connection that closes when it goes out of scope. */
async function connected(
  command: Command,
  terminal: Terminal,
): Promise<Connection & AsyncDisposable> {
  const { kubeconfig, context } = configOf(command, terminal);
  const connection = await connect({
    env: terminal.env,
    clock: systemClock,
    version,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  return { ...connection, [Symbol.asyncDispose]: () => connection.close() };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
