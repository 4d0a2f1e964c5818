import { buildImages } from '../../../images/build/build-images.ts';
import { whyNoNode } from '../../node/requirements.ts';
import { startWorld, type World } from '../../node/world.ts';

/**
 * Builds Sluice's images and starts a control plane with a real node that has them, and those of further archives. Rejects in one line
 * where no node can run. It ends with this process, or when disposed of.
 */
export async function nodeWithImages(options: {
  readonly say: (line: string) => void;
  readonly archives?: readonly string[];
}): Promise<World> {
  const { say, archives = [] } = options;
  const why = whyNoNode();
  if (why !== undefined) throw new Error(`no real node can run here: ${why}`);
  const built = await buildImages({ names: ['sluice', 'sluice-functions'], say });
  say('Starting a Kubernetes control plane and a real node (containerd, kubelet).');
  const images = [...built.map(({ archive }) => archive), ...archives];
  return startWorld({ images, audit: true, progress: say });
}
