import { BlockList, isIP, SocketAddress } from 'node:net';

/** An HTTP proxy, and the setting that names it. */
export interface Proxy {
  /** `http:` or `https:`; user and password are for the proxy and belong in no message. */
  readonly url: URL;
  readonly setting: string;
}

/** A setting names a proxy that cannot be used. */
export class ProxyInvalid extends Error {
  constructor(setting: string, why: string) {
    super(`${setting} ${why}: write http://host:port or https://host:port`);
    this.name = 'ProxyInvalid';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that leads to a URL, by the rules of Go's programs, kubectl among them: `HTTPS_PROXY` for https, `HTTP_PROXY` for
 * http, in lower case too; none for what `NO_PROXY` names, and never for this machine itself. Throws `ProxyInvalid`.
 */
export function proxyFor(target: URL, env: Environment): Proxy | undefined {
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const [setting, value] = firstSet(env, name);
  if (value === undefined) return undefined;
  const [, exceptions = ''] = firstSet(env, 'NO_PROXY');
  return isReachedDirectly(target, exceptions) ? undefined : proxyAt(value, setting);
}

/** The proxy at an address as settings have it: `host:port` is `http://host:port`. Throws `ProxyInvalid`. */
export function proxyAt(address: string, setting: string): Proxy {
  const text = address.includes('://') ? address : `http://${address}`;
  // The address is not repeated: it may hold a password.
  if (!URL.canParse(text)) throw new ProxyInvalid(setting, 'is no address of a proxy');
  const url = new URL(text);
  if (url.protocol === 'http:' || url.protocol === 'https:') return { url, setting };
  throw new ProxyInvalid(setting, `names a ${url.protocol}// proxy, which is not supported`);
}

/** A proxy for messages: without user and password. */
export function shownProxy({ url, setting }: Proxy): string {
  return `the proxy ${url.origin} (${setting})`;
}

function firstSet(env: Environment, name: string): readonly [string, string | undefined] {
  const lower = name.toLowerCase();
  const upperValue = env[name]?.trim() || undefined;
  return upperValue === undefined ? [lower, env[lower]?.trim() || undefined] : [name, upperValue];
}

function isReachedDirectly(target: URL, exceptions: string): boolean {
  const host = bareHost(target.hostname);
  if (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)) return true;
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return exceptions
    .split(',')
    .some((exception) => covers(exception.trim().toLowerCase(), host, port));
}

/** Whether one entry of `NO_PROXY` covers a host: `*`, a network, an address or a name, the last two also with a port. */
function covers(exception: string, host: string, port: string): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const network = /^(?<address>[^/]+)\/(?<prefix>\d{1,3})$/u.exec(exception)?.groups;
  if (network !== undefined) return isWithin(host, network['address'], Number(network['prefix']));
  const [name, ofPort] = nameAndPort(exception);
  if (name === '' || (ofPort !== undefined && ofPort !== port)) return false;
  if (isIP(name) !== 0)
    return isIP(host) !== 0 && isWithin(host, name, isIP(name) === 6 ? 128 : 32);
  // `.example.com` and `*.example.com` are what is below the domain; `example.com` is the host, too.
  const domain = name.startsWith('*.') ? name.slice(1) : name;
  return domain.startsWith('.')
    ? host.endsWith(domain)
    : host === domain || host.endsWith(`.${domain}`);
}

/** An IPv6 address has colons of its own, and a port only behind brackets. */
function nameAndPort(exception: string): readonly [string, string | undefined] {
  if (isIP(exception) === 6) return [exception, undefined];
  const parts = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*))(?::(?<port>\d+))?$/u.exec(exception);
  const { bracketed, plain, port } = parts?.groups ?? {};
  return [bareHost(bracketed ?? plain ?? ''), port];
}

function bareHost(hostname: string): string {
  return hostname
    .replace(/^\[(.*)\]$/u, '$1')
    .replace(/\.$/u, '')
    .toLowerCase();
}

function isLoopback(host: string): boolean {
  return isWithin(host, '127.0.0.0', 8) || isWithin(host, '::1', 128);
}

/** BlockList sees through IPv4-mapped addresses. */
function isWithin(host: string, network: string | undefined, prefix: number): boolean {
  const family = isIP(network ?? '') === 6 ? 'ipv6' : 'ipv4';
  const bits = family === 'ipv6' ? 128 : 32;
  if (network === undefined || isIP(network) === 0 || isIP(host) === 0 || prefix > bits)
    return false;
  const list = new BlockList();
  list.addSubnet(new SocketAddress({ address: network, family }), prefix);
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
