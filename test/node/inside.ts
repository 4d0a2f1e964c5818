import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNodeBinaries } from '../control-plane/binaries.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { releaseOf } from '../control-plane/versions.ts';
import { writeBaseImages } from './base-images.ts';
import { makeCgroup, removeCgroup } from './cgroups.ts';
import { writeConfiguration } from './configuration.ts';
import { forward } from './forward.ts';
import { prepareNamespaces, unmountBelow } from './isolation.ts';
import { nodeAddress, worldLayout } from './layout.ts';
import { sendMessage, settingsFrom, type WorldSettings } from './messages.ts';
import { importImages, nodeReady, startContainerd, startKubelet } from './node-programs.ts';

/**
 * The process inside the namespaces of a world: `node inside.ts DATA-DIRECTORY SETTINGS`. It starts the control plane and the
 * node, and waits. When its input ends, the keeper outside is gone: then it ends everything and tidies up in the keeper's place.
 */
const layout = worldLayout(process.argv[2] ?? '');
const settings = settingsFrom(process.argv[3]);
// A keeper that is gone reads no more.
process.stdout.on('error', () => undefined);
process.stdin.on('end', () => void endEverything());
process.stdin.resume();

try {
  await startWorld(settings);
  sendMessage(process.stdout, { ready: true });
} catch (error) {
  sendMessage(process.stdout, { failed: error instanceof Error ? error.message : String(error) });
}

async function startWorld({ serverPort, kubernetes, audit, images }: WorldSettings): Promise<void> {
  const progress = (line: string): void => sendMessage(process.stdout, { progress: line });
  progress('starting the namespaces of the node');
  const configuration = writeConfiguration(layout);
  prepareNamespaces(configuration.resolvConf);
  makeCgroup(layout.cgroup);
  const release = releaseOf(kubernetes);
  const binaries = await findNodeBinaries({ release, environment: process.env, progress });
  const [controlPlane] = await Promise.all([
    startControlPlane({
      dataDirectory: layout.controlPlane,
      kubernetes,
      audit,
      owner: 'none',
      realNode: { address: nodeAddress, serverPort },
      progress,
    }),
    runtimeWithImages(binaries.pause, images),
  ]);
  await startKubelet(layout, configuration, binaries);
  await nodeReady(controlPlane);
  await listen(serverPort);

  async function runtimeWithImages(pause: string, archives: readonly string[]): Promise<void> {
    const base = writeBaseImages(join(layout.node, 'images'), { pause, busybox: '/bin/busybox' });
    await startContainerd(layout, configuration);
    for (const archive of [...base, ...archives]) await importImages(archive);
  }
}

/** A Unix socket crosses the border of a network namespace where an address does not. */
async function listen(serverPort: number): Promise<void> {
  const server = createServer((from) => forward(from, connect(serverPort, '127.0.0.1')));
  server.listen(layout.serverSocket);
  await once(server, 'listening');
}

async function endEverything(): Promise<void> {
  // kill(2): all processes of the namespace except its first, which waits for this one.
  process.kill(-1, 'SIGKILL');
  const deadline = Date.now() + 10_000;
  while (removeCgroup(layout.cgroup).length > 0 && Date.now() < deadline) await sleep(50);
  unmountBelow(layout.dataDirectory);
  rmSync(layout.dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  process.exit(1);
}
