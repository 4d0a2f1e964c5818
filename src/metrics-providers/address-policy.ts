import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

/**
 * Where a metrics provider may be. Its URL is written by whoever may write in a namespace and fetched with the operator's
 * place in the network, so what lies behind the operator's own doors is refused unless an administrator allows it.
 */
export interface AddressPolicy {
  /** The groups of addresses that are allowed in spite of the rule. */
  readonly allow: ReadonlySet<'loopback' | 'link-local' | 'api-server'>;
  /** Addresses (not names) and ports of the API server. */
  readonly apiServers: readonly { readonly address: string; readonly port: number }[];
}

/** A provider's URL leads where the policy forbids, or is no URL that could be fetched. */
export class AddressRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressRefused';
  }
}

// Beside the ranges themselves their forms behind NAT64 (64:ff9b::/96); BlockList itself sees through IPv4-mapped ones.
const loopback = subnets('127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128', '64:ff9b::7f00:0/104');
// fd00:ec2::254 is the metadata service of EC2, which answers the same as 169.254.169.254.
const linkLocal = subnets(
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::254/128',
  '64:ff9b::a9fe:0/112',
);

function subnets(...ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), familyOf(network));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** Why this address and port must not be connected to; undefined when they may be. */
export function refusalOf(
  address: string,
  port: number,
  policy: AddressPolicy,
): string | undefined {
  const family = familyOf(address);
  if (!policy.allow.has('api-server') && isApiServer(address, port, policy)) {
    return `${address}:${port} is the API server`;
  }
  if (!policy.allow.has('loopback') && loopback.check(address, family)) {
    return `${address} is a loopback address`;
  }
  if (!policy.allow.has('link-local') && linkLocal.check(address, family)) {
    return `${address} is a link-local address`;
  }
  return undefined;
}

function isApiServer(address: string, port: number, policy: AddressPolicy): boolean {
  return policy.apiServers.some((server) => {
    if (server.port !== port || isIP(server.address) === 0) return false;
    const list = new BlockList();
    list.addAddress(server.address, familyOf(server.address));
    return list.check(address, familyOf(address));
  });
}

/** The URL a provider's `targetServer` names; throws `AddressRefused` unless it is http or https and its host may be asked. */
export function providerUrl(targetServer: string, policy: AddressPolicy): URL {
  if (!URL.canParse(targetServer)) {
    throw new AddressRefused(
      'spec.targetServer of the provider is no URL: write scheme, host and port, for example http://prometheus:9090',
    );
  }
  const url = new URL(targetServer);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new AddressRefused(
      `the provider's URL must begin with http:// or https://, not ${url.protocol}`,
    );
  }
  // A literal address is never resolved, so that vettedLookup does not see it.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  const refusal = isIP(literal) === 0 ? undefined : refusalOf(literal, portOf(url), policy);
  if (refusal !== undefined) throw notAllowed(url, refusal);
  return url;
}

/** The port a URL leads to. */
function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function notAllowed(url: URL, refusal: string): AddressRefused {
  return new AddressRefused(`the provider's host ${url.hostname} is not allowed: ${refusal}`);
}

/**
 * A `lookup` for node:http that resolves the URL's host once and answers only if every address is allowed. The socket
 * connects to what this answered, so that a name cannot change its meaning between the check and the connection.
 */
export function vettedLookup(url: URL, policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? new AddressRefused(`${hostname} has no address`), '');
        return;
      }
      const refusals = addresses.map(({ address }) => refusalOf(address, portOf(url), policy));
      const refusal = refusals.find((reason) => reason !== undefined);
      if (refusal !== undefined) callback(notAllowed(url, refusal), '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
