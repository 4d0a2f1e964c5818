/**
 * Where no URL that a user writes may lead, because Sluice and its Jobs stand where that user does not. Providers of metrics and
 * downloads of functions are held by this one list: the runner, which imports nothing of `src`, has a generated copy.
 */
export const forbiddenAddresses = {
  /** The process or the Pod itself. */
  loopback: ['0.0.0.0/8', '127.0.0.0/8', '::/128', '::1/128'],
  /** The node's own links; most clouds answer for credentials at 169.254.169.254. */
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  /** Metadata services elsewhere: EC2, Azure, Alibaba, Google, Oracle. */
  metadata: [
    'fd00:ec2::254/128',
    '168.63.129.16/32',
    '100.100.100.200/32',
    'fd20:ce::254/128',
    'fd00:c1::a9fe:a9fe/128',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Why an address is forbidden. */
export type ForbiddenGroup = keyof typeof forbiddenAddresses;
