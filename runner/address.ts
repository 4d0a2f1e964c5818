import { BlockList, isIP } from 'node:net';
import { forbiddenRanges } from './forbidden-ranges.ts';

/** The address in a URL's host name (`[::1]` included); undefined if it is a name. */
export function addressIn(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/u, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

/**
 * Tells addresses a script has no business to come from: the Pod itself, link-local ones with the metadata services of
 * clouds, and the API server.
 */
export function forbiddenAddresses(apiServer: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of forbiddenRanges) {
    const [network = '', prefix = ''] = range.split('/');
    list.addSubnet(network, Number(prefix), family(network));
    // Behind NAT64; `64:ff9b::` alone is 0.0.0.0.
    if (isIP(network) === 4) list.addSubnet(`64:ff9b::${network}`, 96 + Number(prefix), 'ipv6');
  }
  for (const address of apiServer) list.addAddress(address, family(address));
  return (address) => {
    const embedded = embeddedIpv4(address);
    if (embedded !== undefined && list.check(embedded)) return true;
    return list.check(address, family(address));
  };
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** The IPv4 address that an IPv6 address leads to: mapped (`::ffff:…`) or by NAT64 (`64:ff9b::…`). */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const [bare = ''] = address.split('%');
  const { hostname } = new URL(`http://[${bare}]`);
  const [, high, low] =
    /^\[(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/u.exec(hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
}
