import { Buffer } from 'node:buffer';
import { lookup as resolve } from 'node:dns';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { addressIn } from './address.ts';
import { AttemptFailed, errorCode, messageOf } from './failure.ts';
import { durationText, sizeText } from './quantity.ts';
import { longestTimerMs } from './timer.ts';

export interface DownloadRules {
  /** Host names and addresses that may be used although they are forbidden. */
  readonly allowedHosts: readonly string[];
  /** Host names, addresses and `*.` domains that may be used and no others; empty is no restriction. */
  readonly onlyHosts: readonly string[];
  readonly isForbidden: (address: string) => boolean;
  /** The variable of a proxy that the environment sets for this protocol: it is not used, which a failure says. */
  readonly proxyVariable: (url: URL) => string | undefined;
  readonly limitBytes: number;
  /** For everything, redirects included. */
  readonly timeoutMs: number;
}

/** What was downloaded, and from where in the end. */
export interface Downloaded {
  readonly bytes: Buffer;
  readonly url: URL;
}

const mostRedirects = 5;

/**
 * Downloads a script. Throws `AttemptFailed` for everything but a whole answer with status 200, and the reason of `signal` when
 * that aborts.
 */
export async function download(
  url: URL,
  rules: DownloadRules,
  signal: AbortSignal,
): Promise<Downloaded> {
  const timeout = AbortSignal.timeout(Math.min(rules.timeoutMs, longestTimerMs));
  const either = AbortSignal.any([signal, timeout]);
  try {
    return await followed(url, rules, either);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      const limit = durationText(rules.timeoutMs);
      const words = `${shown(url)}: not downloaded within ${limit}${unusedProxy(url, rules)}`;
      throw new AttemptFailed('DownloadTimeout', words);
    }
    if (error instanceof AttemptFailed) throw error;
    const what = [errorCode(error), messageOf(error)].filter(
      (text) => text !== undefined && text !== '',
    );
    const words = `${shown(url)}: ${what.join(': ')}${unusedProxy(url, rules)}`;
    throw new AttemptFailed('DownloadFailed', words, { cause: error });
  }
}

async function followed(
  start: URL,
  rules: DownloadRules,
  signal: AbortSignal,
): Promise<Downloaded> {
  let url = start;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await get(url, rules, signal);
    const next = redirectIn(answer, url);
    if (next === undefined) return { bytes: await body(answer, url, rules.limitBytes), url };
    answer.destroy();
    url = next;
  }
  throw new AttemptFailed(
    'DownloadRefused',
    `${shown(start)}: more than ${mostRedirects} redirects`,
  );
}

function get(url: URL, rules: DownloadRules, signal: AbortSignal): Promise<IncomingMessage> {
  if (rules.onlyHosts.length > 0 && !isListed(url.hostname, rules.onlyHosts)) {
    const message = `${shown(url)}: ${url.hostname} is none of the hosts that are allowed (--only-host)`;
    throw new AttemptFailed('DownloadForbidden', message);
  }
  const address = addressIn(url.hostname);
  const isAllowed = (one: string): boolean =>
    rules.allowedHosts.includes(url.hostname) ||
    rules.allowedHosts.includes(one) ||
    !rules.isForbidden(one);
  if (address !== undefined && !isAllowed(address)) throw forbidden(url, address);
  return new Promise((settle, fail) => {
    // The address that was judged is the one that is connected to: a name may resolve to another the next time.
    const lookup: LookupFunction = (hostname, options, answer) => {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return answer(error, '');
        const [good, ...others] = addresses.filter((one) => isAllowed(one.address));
        if (good === undefined) {
          const refused = forbidden(url, addresses.map((one) => one.address).join(', '));
          fail(refused);
          return answer(refused, '');
        }
        if (options.all === true) answer(null, [good, ...others]);
        else answer(null, good.address, good.family);
      });
    };
    const options = {
      agent: false,
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'sluice-function-runner',
      },
      lookup,
      signal,
    };
    const request = url.protocol === 'https:' ? https.get(url, options) : http.get(url, options);
    request.once('response', settle).on('error', fail);
  });
}

/** By name or address, or below a domain (`*.example.com`). */
function isListed(hostname: string, hosts: readonly string[]): boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/^\[([^\]]*)\]$/u, '$1');
  const asked = bare(hostname);
  return hosts
    .map(bare)
    .some((host) => (host.startsWith('*.') ? asked.endsWith(host.slice(1)) : asked === host));
}

/** Where the answer sends to, if it does. */
function redirectIn({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
    return undefined;
  if (!URL.canParse(headers.location, from.href)) {
    throw new AttemptFailed('DownloadRefused', `${shown(from)}: redirects to what is no URL`);
  }
  const to = new URL(headers.location, from);
  if (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')) return to;
  throw new AttemptFailed(
    'DownloadForbidden',
    `${shown(from)}: redirects to ${shown(to)}, and only https:// may follow on ${from.protocol}//`,
  );
}

async function body(answer: IncomingMessage, url: URL, limitBytes: number): Promise<Buffer> {
  const { statusCode, statusMessage = '', headers } = answer;
  if (statusCode !== 200) {
    answer.destroy();
    const status = `HTTP ${statusCode} ${statusMessage}`.trim();
    throw new AttemptFailed('DownloadRefused', `${shown(url)}: ${status}`);
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    answer.destroy();
    throw new AttemptFailed(
      'DownloadRefused',
      `${shown(url)}: answers in an encoding it was not asked for`,
    );
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > limitBytes) {
      answer.destroy();
      const message = `${shown(url)}: larger than ${sizeText(limitBytes)} (--download-limit)`;
      throw new AttemptFailed('ScriptTooLarge', message);
    }
    chunks.push(bytes);
  }
  const announced = headers['content-length'];
  if (!answer.complete || (announced !== undefined && Number(announced) !== length)) {
    throw new AttemptFailed('DownloadFailed', `${shown(url)}: the answer was cut short`);
  }
  return Buffer.concat(chunks);
}

function forbidden(url: URL, addresses: string): AttemptFailed {
  return new AttemptFailed(
    'DownloadForbidden',
    `${shown(url)}: ${addresses} is loopback, link-local, a metadata service or the API server; --allow-host ${url.hostname} allows it`,
  );
}

/** Through a proxy the address that is connected to could not be judged, so that downloads go without one. */
function unusedProxy(url: URL, rules: DownloadRules): string {
  const variable = rules.proxyVariable(url);
  return variable === undefined ? '' : ` (${variable} is not used for downloads)`;
}

/** A URL without what may be secret. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
