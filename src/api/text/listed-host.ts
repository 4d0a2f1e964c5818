/**
 * Whether a list of hosts names this one: by its name or address as a URL has it, or, below a domain, by `*.example.com`. Capitals
 * count as small letters.
 */
export function isListedHost(host: string, list: readonly string[]): boolean {
  const asked = bare(host);
  return list.some((entry) => {
    const listed = bare(entry);
    return listed.startsWith('*.') ? asked.endsWith(listed.slice(1)) : asked === listed;
  });
}

/** URLs have IPv6 addresses in brackets. */
function bare(host: string): string {
  return host.toLowerCase().replace(/^\[([^\]]*)\]$/u, '$1');
}
