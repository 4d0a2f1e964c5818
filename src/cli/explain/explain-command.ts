import { Command } from 'commander';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { namespaceOption, type ObjectOptions, selectorOption } from '../command/object-options.ts';
import { type OutputFormat, outputOption } from '../command/output-option.ts';
import { meantBy, targetWords } from '../command/target.ts';
import { explanation, type Explanation } from './explain.ts';
import { explaining } from './explain-target.ts';
import { addSettings } from '../command/setting-options.ts';
import { FoundFailed, type Terminal } from '../../process/terminal.ts';

/** `sluice explain`: why a Pod waits. */
export function explainCommand(terminal: Terminal): Command {
  const command = new Command('explain')
    .description(
      'say why a Pod waits, or why nothing is held: the chain to the check, the last error, what to do',
    )
    .argument('<target...>', `kind/name, or the kind with --selector: ${targetWords(explaining)}`)
    .addOption(namespaceOption())
    .addOption(selectorOption('all'))
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice explain pod/cart-5d4b9-x2x7z -n shop
  sluice explain deployment/cart -n shop
  sluice explain kwv/shop-cart-2.0.0 -n shop -o json
  sluice explain pod -l app=cart -n shop
  sluice explain namespace/shop

Exit codes: 0 explained, 1 what is explained has failed or cannot go on until something
is mended, or an error, 2 bad input`,
    )
    .action(async (words: readonly string[], options: ObjectOptions & Shown) => {
      const { output, selector } = options;
      // Judged before anybody is asked.
      const meant = meantBy(words, selector, explaining);
      await using connection = await connected(command, terminal);
      const namespace = options.namespace ?? connection.namespace;
      const { inColor } = terminal;
      const columns = output === 'wide' ? undefined : terminal.columns;
      const paper = { inColor, columns, now: systemClock.now() };
      const found: Explanation[] = [];
      for (const target of await meant.targets(connection.client, namespace)) {
        const { kind, name } = target;
        const request = { target, namespace: kind.namespaced ? namespace : name, output, paper };
        const explained = await explanation(request, connection.client);
        terminal.write(`${found.length > 0 ? between[output] : ''}${explained.text}\n`);
        found.push(explained);
      }
      if (found.some(({ hasFailed }) => hasFailed)) throw new FoundFailed();
    });
}

interface Shown {
  readonly output: OutputFormat;
}

/** What stands between two explanations. */
const between: Readonly<Record<OutputFormat, string>> = {
  text: '\n',
  wide: '\n',
  json: '',
  yaml: '---\n',
};
