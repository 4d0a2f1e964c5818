import { Command } from 'commander';
import { PodKind } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import type { Connection } from '../../kubernetes/connect.ts';
import type { Terminal } from '../../process/terminal.ts';
import { connected, connecting } from '../command/command-config.ts';
import { addSettings } from '../command/setting-options.ts';
import { lookupOver } from '../command/snapshot.ts';
import { evidenceOf, taskOf } from './log-target.ts';

interface LogsOptions {
  readonly namespace?: string;
  readonly follow?: true;
}

/** `sluice logs`: what a task has written, or what is on record of it. */
export function logsCommand(terminal: Terminal): Command {
  const command = new Command('logs')
    .description('print the log of a task; of a version, that of the task that has failed or runs')
    .argument('<kind/name>', 'keptntask, keptnworkloadversion (kwv) or keptnappversion (kav)')
    .option('-n, --namespace <name>', 'namespace of the object; that of the context if not given')
    .option('-f, --follow', 'go on while the task writes');
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice logs kwv/shop-cart-2.0.0 -n shop
  sluice logs keptntask/pre-load-test-hvpa6zctyz -n shop -f

Where the Pod is gone, what Sluice has recorded of its end is printed instead, and standard error says so.`,
    )
    .action(async (text: string, options: LogsOptions) => {
      await using connection = await connected(command, terminal);
      const namespace = options.namespace ?? connection.namespace;
      const { client } = connection;
      const kinds = [KeptnTask, KeptnWorkloadVersion, KeptnAppVersion];
      const found = await Promise.all(kinds.map((kind) => client.list(kind, namespace, '')));
      const task = taskOf(text, namespace, lookupOver(found.flat()));
      const job = task.status?.jobName;
      const pods =
        job === undefined ? [] : await client.list(PodKind, namespace, `job-name=${job}`);
      const pod = pods.toSorted((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1)).at(0)
        ?.metadata.name;
      const isFollowed = options.follow === true;
      const problem =
        pod === undefined
          ? 'it is gone'
          : await printed({ connection, terminal, namespace, pod, isFollowed });
      if (problem === undefined) return;
      terminal.writeError(
        `the Pod of KeptnTask ${task.metadata.name} has no log (${problem}); this is on record:\n`,
      );
      terminal.write(`${linesOf(evidenceOf(task))}\n`);
    });
}

function createdAt({ metadata }: { readonly metadata: { creationTimestamp?: string } }): string {
  return metadata.creationTimestamp ?? '';
}

/** Prints the log of a Pod as it comes; answers why there is none. */
async function printed(from: {
  readonly connection: Pick<Connection, 'transport'>;
  readonly terminal: Terminal;
  readonly namespace: string;
  readonly pod: string;
  readonly isFollowed: boolean;
}): Promise<string | undefined> {
  const { connection, terminal, namespace, pod, isFollowed } = from;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
  const decoder = new TextDecoder();
  let rest = '';
  let isAnything = false;
  try {
    const body = await connection.transport.stream(
      `${path}?follow=${isFollowed}`,
      terminal.stop,
      '*/*',
    );
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) terminal.write(`${visibleText(line)}\n`);
      isAnything ||= lines.length > 0;
    }
  } catch (error) {
    // No log is as good as no Pod; what broke off in the middle is told.
    if (isAnything || !(error instanceof ClusterError)) throw error;
    return error.message;
  }
  if (rest !== '') terminal.write(`${visibleText(rest)}\n`);
  return isAnything || rest !== '' ? undefined : 'it has written nothing';
}

function linesOf(text: string): string {
  return text
    .split('\n')
    .map((line) => visibleText(line))
    .join('\n');
}
