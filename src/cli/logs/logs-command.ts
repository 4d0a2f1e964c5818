import { Command } from 'commander';
import { PodKind } from '../../api/builtin.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import type { Connection } from '../../kubernetes/connect.ts';
import { BadInput, type Terminal } from '../../process/terminal.ts';
import { connected, connecting } from '../command/command-config.ts';
import { addSettings } from '../command/setting-options.ts';
import { namespaceOption, type ObjectOptions, selectorOption } from '../command/object-options.ts';
import { lookupOf } from '../command/snapshot.ts';
import { meantBy, type Target, targetText, targetWords } from '../command/target.ts';
import { evidenceOf, kindsOfLog, logging, taskOf } from './log-target.ts';

interface LogsOptions extends ObjectOptions {
  readonly follow?: true;
}

/** `sluice logs`: what a task has written, or what is on record of it. */
export function logsCommand(terminal: Terminal): Command {
  const command = new Command('logs')
    .description('print the log of a task; of a version, that of the task that has failed or runs')
    .argument('<target...>', `kind/name, or the kind with --selector: ${targetWords(logging)}`)
    .addOption(namespaceOption())
    .addOption(selectorOption('all'))
    .option('-f, --follow', 'go on while the task writes');
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice logs deployment/cart -n shop
  sluice logs kwv/shop-cart-2.0.0 -n shop
  sluice logs keptntask/pre-load-test-hvpa6zctyz -n shop -f

Where the Pod is gone, what Sluice has recorded of its end is printed instead, and standard error says so.`,
    )
    .action(async (words: readonly string[], options: LogsOptions) => {
      const meant = meantBy(words, options.selector, logging);
      await using connection = await connected(command, terminal);
      const namespace = options.namespace ?? connection.namespace;
      const targets = await meant.targets(connection.client, namespace);
      if (options.follow === true && targets.length > 1)
        throw new BadInput(`--follow goes on with one log: ${targets.map(targetText).join(', ')}`);
      for (const target of targets) {
        if (targets.length > 1) terminal.write(`==> ${targetText(target)} <==\n`);
        await logOf(target, {
          connection,
          terminal,
          namespace,
          isFollowed: options.follow === true,
        });
      }
    });
}

interface Asked {
  readonly connection: Connection;
  readonly terminal: Terminal;
  readonly namespace: string;
  readonly isFollowed: boolean;
}

async function logOf(target: Target, asked: Asked): Promise<void> {
  const { connection, terminal, namespace } = asked;
  const { client } = connection;
  const task = taskOf(target, namespace, await lookupOf(client, kindsOfLog(target), namespace));
  const job = task.status?.jobName;
  const pods = job === undefined ? [] : await client.list(PodKind, namespace, `job-name=${job}`);
  const newest = pods.toSorted((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1)).at(0);
  const pod = newest?.metadata.name;
  const problem = pod === undefined ? 'it is gone' : await printed({ ...asked, pod });
  if (problem === undefined) return;
  terminal.writeError(
    `the Pod of KeptnTask ${task.metadata.name} has no log (${problem}); this is on record:\n`,
  );
  terminal.write(`${linesOf(evidenceOf(task))}\n`);
}

function createdAt({ metadata }: { readonly metadata: { creationTimestamp?: string } }): string {
  return metadata.creationTimestamp ?? '';
}

/** Prints the log of a Pod as it comes; answers why there is none. */
async function printed(from: Asked & { readonly pod: string }): Promise<string | undefined> {
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
    // No log is as good as no Pod; what broke off in the middle is an error.
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
