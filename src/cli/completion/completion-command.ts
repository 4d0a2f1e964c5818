import { Argument, Command } from 'commander';
import type { Terminal } from '../../process/terminal.ts';
import { candidates } from './candidates.ts';
import { scripts, type Shell, shells } from './scripts.ts';

/** `sluice completion`: the script by which a shell completes command lines. */
export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .description('print the script by which a shell completes the command lines of sluice')
    .addArgument(
      new Argument('<shell>', 'kubectl: for "kubectl sluice", as kubectl_complete-sluice').choices(
        shells,
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  sluice completion bash > /etc/bash_completion.d/sluice
  sluice completion zsh > "\${fpath[1]}/_sluice"
  sluice completion fish > ~/.config/fish/completions/sluice.fish
  sluice completion kubectl > ~/.local/bin/kubectl_complete-sluice`,
    )
    .action((shell: Shell) => terminal.write(scripts[shell]));
}

/** What the scripts ask; of no use to people. */
export function completeCommand(terminal: Terminal, root: () => Command): Command {
  return new Command('__complete')
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action((words: readonly string[]) => {
      const { words: found, files } = candidates(words, root());
      terminal.write([...found, files ? ':0' : ':4'].map((line) => `${line}\n`).join(''));
    });
}
