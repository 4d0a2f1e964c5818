import { hash } from 'node:crypto';
import { objectOf, objectsOf, pick, textOf, type RawObject } from '../wire/raw-json.ts';

/**
 * A digest of what a container runs: its image, command and arguments. Environment and mounts are left out, because webhooks of
 * others add to them.
 */
export function programOf(container: RawObject): string {
  const { image, command, args } = container;
  const text = JSON.stringify([image ?? '', command ?? [], args ?? []]);
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** The programs of a Pod's spec or template, by the names of their containers. */
export function programsOf(spec: unknown): Record<string, string> {
  const { initContainers, containers } = pick(objectOf(spec), ['initContainers', 'containers']);
  const all = [...objectsOf(initContainers), ...objectsOf(containers)];
  return Object.fromEntries(all.map((one) => [textOf(one['name']) ?? '', programOf(one)]));
}
