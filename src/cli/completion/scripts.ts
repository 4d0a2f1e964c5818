/** The shells for which there is a script. */
export const shells = ['bash', 'zsh', 'fish', 'kubectl'] as const;
export type Shell = (typeof shells)[number];

/**
 * The script of a shell. Each asks `sluice __complete` with the words so far, so that it knows of every command and option of
 * the version that is installed. An answer ends with a line `:0` (files may be offered) or `:4` (they may not), as kubectl wants it.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion of sluice: source <(sluice completion bash)
_sluice() {
  local line words=()
  COMPREPLY=()
  while IFS= read -r line; do words+=("$line"); done < <(sluice __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  local directive="\${words[-1]:-:0}"
  unset 'words[-1]'
  COMPREPLY=("\${words[@]}")
  case "\${COMPREPLY[*]}" in */) compopt -o nospace ;; esac
  if [ "$directive" = :0 ] && [ \${#COMPREPLY[@]} -eq 0 ]; then compopt -o default; fi
}
complete -F _sluice sluice
`,
  zsh: `#compdef sluice
# zsh completion of sluice: source <(sluice completion zsh)
_sluice() {
  local -a found
  found=("\${(@f)$(sluice __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  local directive="\${found[-1]}"
  found[-1]=()
  if [[ \${#found} -gt 0 ]]; then compadd -S '' -- "\${found[@]}"
  elif [[ $directive == :0 ]]; then _files; fi
}
if [ "$funcstack[1]" = "_sluice" ]; then _sluice; else compdef _sluice sluice; fi
`,
  fish: `# fish completion of sluice: sluice completion fish | source
function __sluice_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (sluice __complete $words[2..-1] 2>/dev/null)
  test (count $found) -gt 1; and printf '%s\\n' $found[1..-2]
end
complete -c sluice -f -a '(__sluice_complete)'
`,
  kubectl: `#!/bin/sh
# Completion of "kubectl sluice": write this as kubectl_complete-sluice, executable, into a folder of PATH.
exec sluice __complete "$@"
`,
};
