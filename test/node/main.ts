import { execFileSync } from 'node:child_process';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { missingPackages, whyNoNode } from './requirements.ts';
import {
  attached,
  type DataOption,
  nodeStatus,
  type StartOptions,
  startNode,
  stopNode,
  worldOptions,
} from './commands.ts';
import { startWorld, type World } from './world.ts';

const usualData = join(tmpdir(), `sluice-node-${userInfo().username}`);

const help = `
Examples:
  npm run node -- start --image app.tar        a control plane and a node that has the images of app.tar
  npm run node -- exec kubectl get pods -A     inside: Pods and Services are reached, kubectl is there
  npm run node -- run npx vitest run …         a node for one command; the exit code is that of the command
  npm run node -- stop                         nothing of it is left

kubectl of your own works from outside, with the kubeconfig that "start" prints. test/node/README.md says more.
`;

function node(): Command {
  const program = new Command('node').description(
    'A real Kubernetes node on this machine (containerd, kubelet, kube-proxy, CoreDNS) with a control plane, in namespaces of their own.',
  );
  program.enablePositionalOptions().addHelpText('after', help);
  starting(program.command('start').description('start both in the background'))
    .option('--data <dir>', 'directory of this node and its control plane', usualData)
    .action(startNode);
  starting(
    program.command('run <command...>').description('run a command beside a node of its own'),
  )
    .passThroughOptions()
    .action(run);
  const onRunning = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data <dir>', 'directory of this node and its control plane', usualData);
  onRunning('stop', 'end all of it and remove its data').action(stopNode);
  onRunning('status', 'tell what runs').action(nodeStatus);
  onRunning('exec <command...>', 'run a command inside the namespaces')
    .passThroughOptions()
    .action(exec);
  onRunning(
    'power <off|on|restart>',
    'cut the power of the node and its Pods, give it back; the control plane goes on',
  ).action(power);
  onRunning('import <archive...>', 'make the images of archives known to the node').action(imports);
  program
    .command('check')
    .description('tell in one line whether a node can run here, or why not')
    .action(check);
  program
    .command('install')
    .description('install the Debian packages that are missing (apt-get, as root)')
    .action(install);
  return program;
}

function starting(command: Command): Command {
  return command
    .option(
      '--image <archive>',
      'an archive of images that the node has; may be repeated',
      collect,
      [],
    )
    .option('--audit', 'write an audit log of every request that may change something', false)
    .option('--kubernetes <minor>', 'Kubernetes version (default: newest)');
}

async function run(command: string[], options: StartOptions): Promise<void> {
  // The command gets the signals of the terminal, too; what it makes of them is its exit code.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  await using world = await startWorld(worldOptions(options));
  process.exitCode = await world.run(command);
}

async function exec(command: string[], options: DataOption): Promise<void> {
  process.exitCode = await required(options.data).run(command);
}

async function power(what: string, options: DataOption): Promise<void> {
  if (what !== 'off' && what !== 'on' && what !== 'restart')
    throw new Error('write off, on or restart');
  await required(options.data).power(what);
}

async function imports(archives: string[], options: DataOption): Promise<void> {
  const world = required(options.data);
  for (const archive of archives) await world.importImages(archive);
}

function check(): void {
  const why = whyNoNode();
  say(why === undefined ? 'a real node can run here' : `no real node can run here: ${why}`);
  if (why !== undefined) process.exitCode = 1;
}

function install(): void {
  const packages = missingPackages();
  if (packages.length === 0) {
    say('nothing is missing');
    return;
  }
  say(`apt-get install ${packages.join(' ')}`);
  const apt = (...args: string[]): void => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['--quiet', ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  };
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...packages);
}

function required(data: string): World {
  const world = attached(data);
  if (world === undefined)
    throw new Error(`no node runs in ${data}; start one, or name its --data`);
  return world;
}

function collect(value: string, values: string[]): string[] {
  return [...values, value];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await node().parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
