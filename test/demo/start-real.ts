import { once } from 'node:events';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { busyboxImage, pauseImage } from '../node/base-images.ts';
import { nodeAddress } from '../node/layout.ts';
import type { World } from '../node/world.ts';
import type { Screen } from '../../src/cli/status/screen.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import { type Manifest, TestCluster } from '../support/cluster/test-cluster.ts';
import { helm, rolledOut } from '../support/real/install-in-cluster.ts';
import { nodeWithImages } from '../support/real/node-with-images.ts';
import { installFromCheckout } from '../support/real/readme-install.ts';
import { gatherQuickly, type Running } from './start.ts';

/** What the real node cannot pull is there under names of its own. */
const imagesHere: Readonly<Record<string, string>> = {
  'registry.k8s.io/pause:3.10': pauseImage,
  'busybox:1.37.0': busyboxImage,
};

/**
 * Builds the images, starts a control plane with a real node, and installs Sluice there by the command of README.md. Rejects in one line
 * where no node can run. Disposing of it ends all of it and removes the data.
 */
export async function startOnRealNode(options: {
  readonly screen: Screen;
  /** Archives of images that the node is to have. */
  readonly images: readonly string[];
  /** What the Prometheus-compatible endpoint answers. */
  readonly metricsValue: number;
  readonly sample: boolean;
}): Promise<Running & { readonly metricsUrl: string }> {
  const { screen } = options;
  const say = (line: string): void => screen.say(line);
  await using started = new AsyncDisposableStack();
  const world = started.use(await nodeWithImages({ say, archives: options.images }));
  const metricsUrl = await servePrometheusInside(world, options.metricsValue);
  const cluster = new TestCluster(world.controlPlane, { 'user-agent': 'sluice-demo' });
  const command = installFromCheckout();
  screen.say(`helm ${command.join(' ')}`);
  await helm(cluster, command);
  if (options.sample) await gatherQuickly(cluster);
  await rolledOut(cluster);
  screen.say('Sluice is ready, twice. Functions and containers run in their images.');
  const { kubeconfig } = world.controlPlane;
  const whole = started.move();
  return {
    cluster,
    kubeconfig,
    metricsUrl,
    asItRunsHere: withImagesHere,
    // Its Deployment starts it again.
    ended: Promise.withResolvers<never>().promise,
    log: `kubectl logs deployment/sluice -n ${operatorNamespace}`,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** Pods reach the node, and nothing outside of its network. It ends with the node. */
async function servePrometheusInside(world: World, value: number): Promise<string> {
  const program = join(import.meta.dirname, 'prometheus-inside.ts');
  const child = world.spawn(
    [process.execPath, program, nodeAddress, String(value)],
    ['ignore', 'pipe', 'inherit'],
  );
  const { stdout } = child;
  if (stdout === null) throw new Error('the endpoint has no output');
  const [url]: unknown[] = await Promise.race([
    once(stdout, 'data'),
    once(child, 'exit').then((): never => {
      throw new Error('the Prometheus-compatible endpoint did not start');
    }),
  ]);
  return String(url).trim();
}

const containerSchema = Type.Object({ image: Type.String() });

/** The manifest with those images of the sample that the node has under another name. */
function withImagesHere(manifest: Manifest): Manifest {
  const replaced: Manifest = JSON.parse(JSON.stringify(manifest), (_, value: unknown) => {
    if (!Value.Check(containerSchema, value)) return value;
    return { ...value, image: imagesHere[value.image] ?? value.image };
  });
  return replaced;
}
