import { readFileSync } from 'node:fs';

/** The commands of README.md's section "Install it" that run Helm, as their arguments. Comments are left out. */
export function readmeHelmCommands(): string[][] {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, section = ''] = /^## Install it\n(.*?)^## /msu.exec(readme) ?? [];
  const block = /^```sh\n(.*?)^```/msu.exec(section)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/u, '').trim())
    .filter((line) => line.startsWith('helm '))
    .map((line) => line.split(/\s+/u).slice(1));
}

/** The command of README.md that installs the chart of a checkout. */
export function installFromCheckout(): string[] {
  return installing((chart) => !chart.includes('://'));
}

/** The command of README.md that installs the chart from a registry. */
export function installFromRegistry(): string[] {
  return installing((chart) => chart.startsWith('oci://'));
}

function installing(isMeant: (chart: string) => boolean): string[] {
  const found = readmeHelmCommands().filter(
    ([verb, , chart = '']) => verb === 'install' && isMeant(chart),
  );
  const [command] = found;
  if (command === undefined || found.length > 1)
    throw new Error(`README.md has ${found.length} such commands in its section "Install it"`);
  return command;
}
