import type { Setting } from '../config/setting.ts';

/** A page with every setting of `sluice run`: its flag, environment variable and default. */
export function settingReference(settings: readonly Setting<unknown>[]): string {
  return `${[
    '<!-- Generated from src/config/config.ts by "npm run generate". Do not edit. -->',
    '# Settings of the process',
    'Each has a flag of `sluice run` and an environment variable; the flag wins. All problems with them are reported at once. What can be changed while Sluice runs stands in [KeptnConfig](kinds.md#keptnconfig).',
    [
      '| flag | environment variable | default | what it does |',
      '| --- | --- | --- | --- |',
      ...settings.map(row),
    ].join('\n'),
  ].join('\n\n')}\n`;
}

function row({ flag, env, otherwise, value, description }: Setting<unknown>): string {
  const initial = otherwise === undefined ? '' : `\`${value.show(otherwise)}\``;
  return `| \`--${flag} <${value.placeholder.replaceAll('|', '\\|')}>\` | \`${env}\` | ${initial} | ${description.replaceAll('|', '\\|')} |`;
}
