import { Command, Option } from 'commander';
import { visibleText } from '../../api/text/visible-text.ts';
import { BadInput, EndsWith, exitCodes, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { follow, type Following } from '../command/following.ts';
import { addSettings } from '../command/setting-options.ts';
import { currentScene } from './current.ts';
import { frame } from './frame.ts';
import { type Scene, sceneIn, sceneKinds } from './scene.ts';
import { Screen } from './screen.ts';
import { statusJson } from './status-json.ts';

interface StatusOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly watch?: true;
  readonly all?: true;
  readonly output: 'text' | 'json';
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
    .option('-n, --namespace <name>', 'namespace; that of the context if not given')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-w, --watch', 'go on and show what changes; Ctrl-C ends it')
    .option('--all', 'older versions, too')
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
  sluice status -n shop             once
  sluice status shop -n shop -w     as it goes: painted in a terminal, one line per change elsewhere
  sluice status -A -o json | jq '.applications[] | select(.status == "Failed")'

Exit codes: 0 nothing that is shown has failed, 1 an error, 2 bad input, 3 something has failed`,
    )
    .action(async (app: string | undefined, options: StatusOptions) => {
      if (options.watch === true && options.output === 'json')
        throw new BadInput('--watch shows text; ask again and again for JSON, or kubectl get -w');
      await using connection = await connected(command, terminal);
      const namespace =
        options.allNamespaces === true ? undefined : (options.namespace ?? connection.namespace);
      await using following = await follow(connection, sceneKinds, namespace);
      const look = (): Scene => {
        const problem = following.problem();
        if (problem !== undefined) throw new Error(problem);
        const scene = sceneIn(following.lookup, namespace);
        return options.all === true ? scene : currentScene(scene, app);
      };
      const where = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
      if (options.watch === true) return await watch(look, { where, following, terminal });
      const scene = look();
      terminal.write(
        options.output === 'json'
          ? `${visibleText(JSON.stringify(statusJson(scene), undefined, 2))}\n`
          : textOf(scene, where, terminal),
      );
      const hasFailed = [...scene.appVersions, ...scene.workloadVersions].some(
        ({ status }) => status?.status === 'Failed',
      );
      if (hasFailed) throw new EndsWith(exitCodes.failed);
    });
}

function textOf(scene: Scene, where: string, { inColor, columns }: Terminal): string {
  if (scene.appVersions.length === 0 && scene.workloadVersions.length === 0)
    return `there are no versions in ${where}: is it opted in? (sluice explain deployment/NAME says why nothing is checked)\n`;
  const lines = frame(scene, { elapsedMs: 0, columns: columns ?? Infinity, inColor });
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
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
