import { Buffer } from 'node:buffer';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DownloadRules } from './download.ts';
import { AttemptFailed, messageOf } from './failure.ts';
import type { Language } from './languages/language.ts';
import type { Environment, Settings } from './settings.ts';

/** A script that can be run. */
export interface Script {
  /** Absolute. */
  readonly path: string;
  readonly url?: URL;
}

/** What it takes to get a script. */
export interface Sourcing {
  readonly settings: Settings;
  readonly language: Language;
  /** Where to put a script that is no file yet. */
  readonly directory: string;
  readonly env: Environment;
}

/**
 * Gets the script, checked: there, not empty, with the digest it must have. Throws `AttemptFailed` if it is not, and the
 * reason of `signal` when that aborts.
 */
export async function scriptFrom(sourcing: Sourcing, signal: AbortSignal): Promise<Script> {
  const { origin, sha256 } = sourcing.settings;
  switch (origin.from) {
    case 'file': {
      const path = resolve(origin.path);
      await check(contentOf(path), { sha256, what: `the script ${path}` });
      return { path };
    }
    case 'inline': {
      const bytes = Buffer.from(origin.code);
      await check(bytes, { sha256, what: 'the inline script', isLast: true });
      return { path: kept(sourcing, bytes) };
    }
    case 'url': {
      // Loaded only now: HTTP and TLS take longer to load than all the rest.
      const { download, shown } = await import('./download.ts');
      const { bytes, url } = await download(origin.url, await rulesFor(sourcing), signal);
      await check(bytes, { sha256, what: shown(origin.url) });
      return { path: kept(sourcing, bytes, url), url };
    }
  }
}

async function rulesFor({ settings, env }: Sourcing): Promise<DownloadRules> {
  const { addressIn, forbiddenAddresses } = await import('./address.ts');
  const apiServer = addressIn(env['KUBERNETES_SERVICE_HOST'] ?? '');
  return {
    allowedHosts: settings.allowedHosts,
    onlyHosts: settings.onlyHosts,
    isForbidden: forbiddenAddresses(apiServer === undefined ? [] : [apiServer]),
    proxyVariable: ({ protocol }) => {
      const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
      return [name, name.toLowerCase()].find((variable) => env[variable]);
    },
    limitBytes: settings.downloadLimitBytes,
    timeoutMs: settings.downloadTimeoutMs,
  };
}

function contentOf(path: string): Buffer {
  try {
    if (statSync(path).isFile()) return readFileSync(path);
  } catch (error) {
    throw new AttemptFailed('ScriptMissing', `the script cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new AttemptFailed('ScriptMissing', `the script ${path} is no file`);
}

/** `isLast`: whether the next attempt would find the same. */
async function check(
  bytes: Buffer,
  { sha256, what, isLast = false }: { sha256: string | undefined; what: string; isLast?: boolean },
): Promise<void> {
  if (bytes.toString().trim() === '') {
    throw new AttemptFailed('ScriptEmpty', `${what} is empty`, { isLast });
  }
  if (sha256 === undefined) return;
  // What the global offers: loading node:crypto would take 20 ms under Deno.
  const hash = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  const digest = Buffer.from(hash).toString('hex');
  if (digest === sha256) return;
  const message = `${what} has the SHA-256 ${digest}, not ${sha256}`;
  throw new AttemptFailed('ChecksumMismatch', message, { isLast });
}

/** Writes a script that came from elsewhere to a file, and answers its path. */
function kept({ directory, language }: Sourcing, bytes: Buffer, url?: URL): string {
  const path = join(directory, language.fileName(url));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
