import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { isListedHost } from '../api/text/listed-host.ts';
import { forbiddenAddresses, type ForbiddenGroup } from '../api/text/forbidden-addresses.ts';

/**
 * Where a metrics provider may be. Its URL is written by tenants and fetched from the operator's
 * place in the network, so what lies behind the operator's own doors is refused unless an administrator allows it.
 */
export interface AddressPolicy {
  /** The groups of addresses that are allowed in spite of the rule. */
  readonly allow: ReadonlySet<ForbiddenGroup | 'api-server'>;
  /** The hosts that may be asked and no others, as the settings say now; undefined is no restriction. */
  readonly allowedHosts?: () => readonly string[] | undefined;
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

const lists: readonly (readonly [ForbiddenGroup, string, BlockList])[] = [
  [
    'loopback',
    'a loopback address (sluice run --allow-loopback-providers true allows it)',
    subnets(forbiddenAddresses.loopback),
  ],
  ['link-local', 'a link-local address', subnets(forbiddenAddresses['link-local'])],
  ['metadata', 'the metadata service of a cloud', subnets(forbiddenAddresses.metadata)],
];

/** Beside the ranges themselves their forms behind NAT64; BlockList itself sees through IPv4-mapped ones. */
function subnets(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), familyOf(network));
    if (!isIPv6(network)) list.addSubnet(`64:ff9b::${network}`, 96 + Number(prefix), 'ipv6');
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
  const found = lists.find(
    ([group, , list]) => !policy.allow.has(group) && list.check(address, family),
  );
  return found && `${address} is ${found[1]}`;
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
  const allowed = policy.allowedHosts?.();
  if (allowed !== undefined && !isListedHost(url.hostname, allowed)) {
    throw notAllowed(url, 'it is not among allowedHosts of the KeptnConfig');
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
export function vettedLookup(
  url: URL,
  policy: AddressPolicy,
  /** Lets a look-up begin when its turn has come. */
  inTurn: (lookup: () => Promise<void>) => void = (lookup) => void lookup(),
): LookupFunction {
  const answering: LookupFunction = (hostname, options, callback) => {
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
  return (hostname, options, callback) => {
    inTurn(
      () =>
        new Promise((done) => {
          answering(hostname, options, (...answer) => {
            done();
            callback(...answer);
          });
        }),
    );
  };
}
