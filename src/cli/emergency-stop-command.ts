import { Command } from 'commander';
import { settings } from '../config/config.ts';
import { emergencyStop } from '../install/emergency-stop.ts';
import type { Terminal } from '../process/terminal.ts';
import { configOf, connected, connecting } from './command/command-config.ts';
import { addSettings } from './command/setting-options.ts';

/** The same with kubectl alone, for where no `sluice` is at hand. */
const emergencyKubectl =
  'kubectl delete mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicybindings -l app.kubernetes.io/part-of=keptn';

/** `sluice emergency-stop`: nothing is held or refused any more. */
export function emergencyStopCommand(terminal: Terminal): Command {
  const command = new Command('emergency-stop').description(
    'take away at once what holds or refuses new Pods, in the whole cluster: the webhooks, and the bindings of the policies',
  );
  return addSettings(command, [...connecting, settings.namespace])
    .addHelpText(
      'after',
      `\nThe same without Sluice (with --webhook-mode admissionPolicy, add ,mutatingadmissionpolicybindings):\n  ${emergencyKubectl}\n\nExamples:\n  sluice emergency-stop --context prod`,
    )
    .action(async () => {
      await using connection = await connected(command, terminal);
      const tell = (line: string): void => terminal.write(`${line}\n`);
      await emergencyStop(configOf(command, terminal), { cluster: connection.client, tell });
    });
}
