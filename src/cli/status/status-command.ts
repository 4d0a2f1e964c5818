import { Command } from 'commander';
import { BadInput, EndsWith, exitCodes, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { follow, type Following } from '../command/following.ts';
import {
  allNamespacesOption,
  namespaceOf,
  namespaceOption,
  type ObjectOptions,
  placeText,
  selectorOption,
} from '../command/object-options.ts';
import { type OutputFormat, outputOption, structured } from '../command/output-option.ts';
import { workloadsWith } from '../command/selected-workloads.ts';
import { addSettings } from '../command/setting-options.ts';
import { currentScene } from './current.ts';
import { frame } from './frame.ts';
import { onlyOf, type Scene, sceneIn, sceneKinds } from './scene.ts';
import { Screen } from './screen.ts';
import { statusJson } from './status-json.ts';

interface StatusOptions extends ObjectOptions {
  readonly watch?: true;
  readonly all?: true;
  readonly output: OutputFormat;
}

/** A second for the clocks and ages on the screen; a change is shown at once. */
const repaintMs = 1_000;
/** Changes come in bursts: one picture for what comes within this time. */
const gatherMs = 100;

/** `sluice status`: the roll-outs of a namespace, once or as they go. */
export function statusCommand(terminal: Terminal): Command {
  const command = new Command('status')
    .description('show the roll-outs of a namespace: applications, workloads, checks and Pods')
    .argument('[app]', 'of one application alone')
    .addOption(namespaceOption())
    .addOption(allNamespacesOption())
    .addOption(selectorOption('only workloads'))
    .option('-w, --watch', 'go on and show what changes; Ctrl-C ends it')
    .option('--all', 'older versions, too')
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice status -n shop             once
  sluice status shop -n shop -w     as it goes: painted in a terminal, one line per change elsewhere
  sluice status -A -o json | jq '.applications[] | select(.status == "Failed")'

Exit codes: 0 nothing that is shown has failed, 1 an error, 2 bad input, 3 something has failed`,
    )
    .action(async (app: string | undefined, options: StatusOptions) => {
      if (options.watch === true && options.output !== 'text')
        throw new BadInput(
          `--watch shows text; ask again and again for -o ${options.output}, or kubectl get -w`,
        );
      await using connection = await connected(command, terminal);
      const namespace = namespaceOf(options, connection);
      const isMeant = await workloadsWith(options.selector, connection.client, namespace);
      await using following = await follow(connection, sceneKinds, namespace);
      const look = (): Scene => {
        const problem = following.problem();
        if (problem !== undefined) throw new Error(problem);
        const scene = onlyOf(sceneIn(following.lookup, namespace), isMeant);
        return options.all === true ? scene : currentScene(scene, app);
      };
      const where = placeText(namespace);
      if (options.watch === true) return await watch(look, { where, following, terminal });
      const scene = look();
      terminal.write(
        options.output === 'json' || options.output === 'yaml'
          ? structured(statusJson(scene), options.output)
          : textOf(scene, where, options.output === 'wide' ? unbounded(terminal) : terminal),
      );
      const hasFailed = [...scene.appVersions, ...scene.workloadVersions].some(
        ({ status }) => status?.status === 'Failed',
      );
      if (hasFailed) throw new EndsWith(exitCodes.failed);
    });
}

function textOf(
  scene: Scene,
  where: string,
  { inColor, columns }: Pick<Terminal, 'inColor' | 'columns'>,
): string {
  if (scene.appVersions.length === 0 && scene.workloadVersions.length === 0)
    return `there are no versions in ${where}: is it opted in? (sluice explain deployment/NAME says why nothing is checked)\n`;
  const lines = frame(scene, { elapsedMs: 0, columns: columns ?? Infinity, inColor });
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** As a terminal in which nothing is cut. */
function unbounded({ inColor }: Terminal): Pick<Terminal, 'inColor' | 'columns'> {
  return { inColor };
}

async function watch(
  look: () => Scene,
  by: { readonly where: string; readonly following: Following; readonly terminal: Terminal },
): Promise<void> {
  const { where, following, terminal } = by;
  const output = {
    isTTY: terminal.rows !== undefined,
    write: terminal.write,
    get rows() {
      return terminal.rows ?? 40;
    },
    get columns() {
      return terminal.columns ?? 100;
    },
  };
  const screen = new Screen(output, terminal.inColor);
  while (!terminal.stop.aborted) {
    screen.show(look(), { title: `Roll-outs in ${where}` });
    await following.changed(repaintMs, terminal.stop);
    await new Promise<void>((resolve) => void systemClock.after(gatherMs, resolve));
  }
}
