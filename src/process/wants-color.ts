/**
 * Whether output is coloured. FORCE_COLOR decides if it is set (0 and false mean no), then NO_COLOR (https://no-color.org) if it
 * is set to anything, and a terminal that calls itself dumb gets none; otherwise a terminal has colours and a pipe has not.
 */
export function wantsColor(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: term } = env;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (none !== undefined && none !== '') return false;
  return isTerminal && term !== 'dumb';
}
