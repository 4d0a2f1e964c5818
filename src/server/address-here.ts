import { networkInterfaces } from 'node:os';

/** `::` serves IPv4, too, but cannot be listened on where IPv6 is switched off: no interface has such an address then. */
export function addressHere(address: string): string {
  const isV6Here = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family }) => family === 'IPv6'),
  );
  return address === '::' && !isV6Here ? '0.0.0.0' : address;
}
