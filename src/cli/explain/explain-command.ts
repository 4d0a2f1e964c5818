import { Command, Option } from 'commander';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { explanation } from './explain.ts';
import { targetOf } from './explain-target.ts';
import { addSettings } from '../command/setting-options.ts';
import { FoundFailed, type Terminal } from '../../process/terminal.ts';

/** `sluice explain`: why a Pod waits. */
export function explainCommand(terminal: Terminal): Command {
  const command = new Command('explain')
    .description(
      'say why a Pod waits: the chain from it to the check that holds it, the last error, the next try',
    )
    .argument(
      '<kind/name>',
      'pod, deployment, statefulset, daemonset, rollout, job, keptnapp, keptnappversion (kav), keptnworkloadversion (kwv), keptntask, keptnevaluation (ke), keptnmetric or keptnmetricsprovider (kmp)',
    )
    .option('-n, --namespace <name>', 'namespace of the object; that of the context if not given')
    .addOption(
      new Option('-o, --output <format>', 'how to show it')
        .choices(['text', 'json'])
        .default('text'),
    );
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice explain pod/cart-5d4b9-x2x7z -n shop
  sluice explain deployment/cart -n shop
  sluice explain kwv/shop-cart-2.0.0 -n shop -o json

Exit codes: 0 explained, 1 what is explained has failed or cannot go on until something
is mended, or an error, 2 bad input`,
    )
    .action(async (target: string, options: { namespace?: string; output: 'text' | 'json' }) => {
      const { namespace: named, output } = options;
      // Judged before anybody is asked.
      targetOf(target);
      await using connection = await connected(command, terminal);
      const namespace = named ?? connection.namespace;
      const { inColor, columns } = terminal;
      const paper = { inColor, columns, now: systemClock.now() };
      const request = { target, namespace, output, paper };
      const { text, hasFailed } = await explanation(request, connection.client);
      terminal.write(`${text}\n`);
      if (hasFailed) throw new FoundFailed();
    });
}
