import { spawn } from 'node:child_process';
import { isRawObject, objectOf, textOf } from '../wire/raw-json.ts';
import { CredentialsUnusable } from './credentials.ts';
import { defined } from '../../api/json.ts';

/** `user.exec` of a kubeconfig: the program that makes credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
}

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a plug-in answers. */
export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since the Unix epoch; without it the credential is good until the API server refuses it. */
  readonly untilMs?: number;
}

/** A plug-in asks its own server, no more. One that waits for a person to log in takes longer, and is ended. */
const timeLimitMs = 60_000;

/** So much of what a plug-in writes to standard error is repeated. */
const longestWords = 1_000;

/** The plug-in of a kubeconfig's user as it was read from YAML; undefined if it has none. */
export function execPluginIn(user: unknown): ExecPlugin | undefined {
  const exec = isRawObject(user) ? user['exec'] : undefined;
  if (!isRawObject(exec)) return undefined;
  const args = Array.isArray(exec['args']) ? exec['args'] : [];
  const env = Array.isArray(exec['env']) ? exec['env'].map(objectOf) : [];
  return {
    command: textOf(exec['command']) ?? '',
    args: args.map(String),
    env: Object.fromEntries(env.map(({ name, value }) => [String(name), String(value)])),
    apiVersion: textOf(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
  };
}

/**
 * Runs the plug-in, with these variables and its own. The plug-in gets to know that it has no
 * terminal; what it writes to standard error is part of the error. Rejects with `CredentialsUnusable`.
 */
export async function runExecPlugin(
  plugin: ExecPlugin,
  { env: given, limitMs = timeLimitMs }: { readonly env: Environment; readonly limitMs?: number },
): Promise<ExecCredential> {
  const { command, args, apiVersion } = plugin;
  const asked = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const env = { ...given, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(asked) };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let [output, words] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-longestWords);
  });
  const fail = (why: string, cause?: unknown): void => {
    const said = words.trim() === '' ? '' : `; it said: ${words.trim()}`;
    reject(new CredentialsUnusable(`the plug-in "${command}" ${why}${said}`, { cause }));
  };
  child.on('error', (cause) => fail(`cannot be run: ${cause.message}`, cause));
  child.on('close', (code, signal) => {
    if (code === 0) resolve(output);
    else if (signal === 'SIGKILL') {
      fail(
        `did not answer within ${limitMs} ms; if it waits for a login, log in with kubectl first`,
      );
    } else fail(`ended with ${code ?? signal ?? 'nothing'}`);
  });
  return credentialIn(await promise, command);
}

function credentialIn(output: string, command: string): ExecCredential {
  const status = objectOf(objectOf(parsed(output))['status']);
  const [token, certificate, key, until] = [
    'token',
    'clientCertificateData',
    'clientKeyData',
    'expirationTimestamp',
  ].map((field) => textOf(status[field]));
  if (token === undefined && certificate === undefined) {
    throw new CredentialsUnusable(`the plug-in "${command}" gave neither token nor certificate`);
  }
  const untilMs = until === undefined ? Number.NaN : Date.parse(until);
  return {
    ...defined({ token, certificate, key }),
    ...(!Number.isNaN(untilMs) && { untilMs }),
  };
}

function parsed(output: string): unknown {
  try {
    const value: unknown = JSON.parse(output);
    return value;
  } catch {
    return undefined;
  }
}
