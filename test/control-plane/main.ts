import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { attachControlPlane, controlPlaneIn, startControlPlane } from './control-plane.ts';
import { hasNode, nodeStatus, startNode, stopNode } from '../node/commands.ts';
import { isHealthy } from './components.ts';
import { isOurs } from './processes.ts';
import { releases } from './versions.ts';

interface DataOption {
  data: string;
}

const usualData = join(tmpdir(), `sluice-control-plane-${userInfo().username}`);

const environmentHelp = `
Environment:
  SLUICE_CONTROL_PLANE      a directory with the programs, looked at first
  KUBEBUILDER_ASSETS        the same, looked at second
  SLUICE_CONTROL_PLANE_URL  a mirror to download official binaries from; empty: download nothing
  SLUICE_KUBERNETES         the Kubernetes version, if --kubernetes is not given
  XDG_CACHE_HOME            where downloaded and built programs are kept (default: ~/.cache)
`;

function cluster(): Command {
  const program = new Command('cluster').description(
    'A real Kubernetes control plane on this machine: etcd, API server, controller manager, scheduler and KWOK.',
  );
  program.addHelpText('after', environmentHelp);
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data <dir>', 'directory of this control plane', usualData);
  const minors = releases().map((release) => release.minor);
  command('start', 'start a control plane in the background')
    .option('--audit', 'write an audit log of every request that may change something', false)
    .option('--audit-policy <file>', 'write an audit log by this policy')
    .option('--kubernetes <minor>', `Kubernetes version: ${minors.join(', ')} (default: newest)`)
    .option('--node', 'with a real node beside it, as "npm run node -- start"', false)
    .action(start);
  command('stop', 'end all its processes and remove its data')
    .option('--keep-data', 'keep the data for another start', false)
    .action(stop);
  command('status', 'tell what runs').action(status);
  return program;
}

async function start(
  options: DataOption & {
    audit: boolean;
    auditPolicy?: string;
    kubernetes?: string;
    node: boolean;
  },
): Promise<void> {
  if (options.node) {
    const { audit, data, kubernetes } = options;
    if (options.auditPolicy !== undefined)
      throw new Error('with --node the audit log has its usual policy: use --audit');
    await startNode({ data, audit, image: [], kubernetes });
    return;
  }
  const dataDirectory = options.data;
  const running = attachControlPlane(dataDirectory);
  if (running !== undefined) say('already running');
  const controlPlane =
    running ??
    (await startControlPlane({
      dataDirectory,
      owner: 'none',
      audit:
        options.auditPolicy === undefined ? options.audit : { policyFile: options.auditPolicy },
      ...(options.kubernetes === undefined ? {} : { kubernetes: options.kubernetes }),
      progress: say,
    }));
  say(`Kubernetes ${controlPlane.state().kubernetes} at ${controlPlane.server}`);
  if (controlPlane.auditLog !== undefined) say(`audit log: ${controlPlane.auditLog}`);
  say(`kubeconfig: ${controlPlane.kubeconfig}`);
  say(`export KUBECONFIG=${controlPlane.kubeconfig}`);
}

async function stop(options: DataOption & { keepData: boolean }): Promise<void> {
  if (hasNode(options.data)) {
    if (options.keepData)
      throw new Error('the data of a control plane with a real node is not kept');
    await stopNode(options);
    return;
  }
  const controlPlane = controlPlaneIn(options.data);
  if (controlPlane === undefined) {
    say(`there is no control plane in ${options.data}`);
    return;
  }
  await controlPlane.stop({ keepData: options.keepData });
  say(options.keepData ? `stopped; data kept in ${options.data}` : 'stopped; data removed');
}

async function status(options: DataOption): Promise<void> {
  if (hasNode(options.data)) {
    await nodeStatus(options);
    return;
  }
  const controlPlane = controlPlaneIn(options.data);
  const state = controlPlane?.state();
  if (controlPlane === undefined || state === undefined || state.components.length === 0) {
    say(`no control plane runs in ${options.data}`);
    process.exitCode = 3;
    return;
  }
  const { dataDirectory } = controlPlane;
  say(`Kubernetes ${state.kubernetes} at ${state.server}, data in ${dataDirectory}`);
  for (const component of state.components) {
    const runs = isOurs(component.pid, dataDirectory);
    const health = runs ? ((await isHealthy(component)) ? 'healthy' : 'unhealthy') : 'ended';
    if (health !== 'healthy') process.exitCode = 1;
    say(`${component.name.padEnd(24)} pid ${String(component.pid).padEnd(8)} ${health}`);
  }
  say(`kubeconfig: ${controlPlane.kubeconfig}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await cluster().parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
