// Generated from src/api/text/forbidden-addresses.ts by "npm run generate". Do not edit.

/** Where no script may be downloaded from, in CIDR notation. */
export const forbiddenRanges: readonly string[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '::/128',
  '::1/128',
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::254/128',
  '168.63.129.16/32',
  '100.100.100.200/32',
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
];
