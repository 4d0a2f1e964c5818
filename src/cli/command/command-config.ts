import type { Command } from 'commander';
import { type Config, configFrom, settings } from '../../config/config.ts';
import { connect, type Connection } from '../../kubernetes/connect.ts';
import { systemClock } from '../../runtime/clock.ts';
import { settingFlags } from './setting-options.ts';
import type { Terminal } from '../../process/terminal.ts';
import { version } from '../../process/version.ts';
import { defined } from '../../api/json.ts';

/** The settings by which a command finds its cluster. */
export const connecting = [
  settings.kubeconfig,
  settings.context,
  settings.requestTimeoutMs,
] as const;

/** The configuration that a parsed command line and the environment make. Throws `ConfigInvalid`. */
export function configOf(command: Command, { env }: Terminal): Config {
  return configFrom({ flags: settingFlags(command, Object.values(settings)), env });
}

/** A connection to the cluster the user means; it closes when it goes out of scope. */
export async function connected(
  command: Command,
  terminal: Terminal,
): Promise<Connection & AsyncDisposable> {
  const { kubeconfig, context, requestTimeoutMs } = configOf(command, terminal);
  const connection = await connect({
    env: terminal.env,
    clock: systemClock,
    version,
    requestTimeoutMs,
    ...defined({ kubeconfig, context }),
  });
  return { ...connection, [Symbol.asyncDispose]: () => connection.close() };
}
