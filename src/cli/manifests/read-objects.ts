import type { Command } from 'commander';
import { NamespaceKind, ServiceAccountMetadataKind } from '../../api/builtin.ts';
import { ownKinds } from '../../api/keptn/registry.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { readManifest } from '../../lint/manifest-problems.ts';
import type { Terminal } from '../../process/terminal.ts';
import { connected } from '../command/command-config.ts';
import { manifestsIn } from './manifest-documents.ts';
import { manifestFiles, type NamedText } from './manifest-files.ts';

/** Who asks for objects: the command with its settings, and the terminal it runs in. */
export interface Asking {
  readonly terminal: Terminal;
  readonly command: Command;
}

/** Objects that may be named and are not judged: of files and folders, and with the word `cluster` those of the cluster. */
export interface KnownObjects {
  readonly objects: readonly KubernetesObject[];
  /** Whether the cluster was asked: then nothing is missing among the kinds of `kindsOfCluster`. */
  readonly isLive: boolean;
}

/** The kinds that are read from a cluster for its objects to be named. */
export const kindsOfCluster: readonly Kind[] = [...ownKinds, ServiceAccountMetadataKind];

/** Reads what `--known` names. Throws `BadInput` for a path that cannot be read, and what the cluster throws. */
export async function knownObjects(
  sources: readonly string[],
  namespace: string,
  asking: Asking,
): Promise<KnownObjects> {
  const paths = sources.filter((source) => source !== 'cluster');
  const isLive = paths.length < sources.length;
  const fromFiles = paths.length === 0 ? [] : objectsIn(await manifestFiles(paths), namespace);
  const fromCluster = isLive ? await objectsOfCluster(asking) : [];
  return { objects: [...fromCluster, ...fromFiles], isLive };
}

/** The objects of files that can be read; the others are left out, because they are not what is judged. */
function objectsIn(files: readonly NamedText[], namespace: string): readonly KubernetesObject[] {
  return files.flatMap(({ text }) =>
    manifestsIn(text).manifests.flatMap(({ object }) => {
      const read = readManifest(object, namespace);
      return read.type === 'judged' ? [read.object] : [];
    }),
  );
}

async function objectsOfCluster({
  command,
  terminal,
}: Asking): Promise<readonly KubernetesObject[]> {
  await using connection = await connected(command, terminal);
  const kinds = [...kindsOfCluster, NamespaceKind];
  const lists = await Promise.all(kinds.map((kind) => connection.client.list(kind, undefined, '')));
  return lists.flat();
}
