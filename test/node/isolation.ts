import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeAddress } from './layout.ts';

/**
 * What a kubelet sets for the whole machine, and no namespace holds: here it reads from files what it wants to read, and the
 * machine keeps its settings.
 */
const wantedSettings = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
} as const;

/** Makes the namespaces that this process is in a place for a node. Nothing of it is seen outside, and it ends with them. */
export function prepareNamespaces(resolvConf: string): void {
  const nameServers = realPathOf('/etc/resolv.conf');
  // Sockets, network namespaces and container states: all that programs keep in /run.
  mount('-t', 'tmpfs', 'tmpfs', '/run');
  if (nameServers !== undefined) {
    // It may have been a link into the /run that is hidden now.
    mkdirSync(dirname(nameServers), { recursive: true });
    if (nameServers.startsWith('/run/')) writeFileSync(nameServers, '');
    mount('--bind', resolvConf, nameServers);
  }
  for (const [setting, value] of Object.entries(wantedSettings)) {
    const file = join('/run/sluice-node/settings', setting);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${value}\n`);
    mount('--bind', file, join('/proc/sys', setting));
  }
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'sluice0', 'type', 'bridge');
  ip('addr', 'add', `${nodeAddress}/24`, 'dev', 'sluice0');
  ip('link', 'set', 'sluice0', 'up');
  // A kubelet and kube-proxy look for the interface of the default route.
  ip('route', 'add', 'default', 'dev', 'sluice0');
}

/** Detaches every mount below a directory, the innermost first. */
export function unmountBelow(directory: string): void {
  const below = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mountPoint) => mountPoint.startsWith(`${directory}/`))
    .toReversed();
  for (const mountPoint of below) {
    try {
      execFileSync('umount', ['--lazy', mountPoint], { stdio: 'ignore' });
    } catch {
      // Gone with the mount that it was in.
    }
  }
}

function realPathOf(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args);
}

function ip(...args: string[]): void {
  execFileSync('ip', args);
}
