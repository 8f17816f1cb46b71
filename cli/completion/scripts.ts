/** What a shell loads so that it asks leasectl itself for completions: `leasectl __complete -- WORD...`. */

/** The verb that answers: a completion a line, with what it is after a tab; or one line that leaves it to the shell. */
export const answeringVerb = '__complete'

/** The line that says that files are meant. */
export const filesLine = ':files'

const bash = `# bash completion for leasectl
_leasectl() {
  # Readline breaks words at = and : too: what stands together in the line is put together again.
  local rest=\${COMP_LINE:0:COMP_POINT} words=() word trimmed i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=\${rest#"\${rest%%[![:space:]]*}"}
    word=\${COMP_WORDS[i]}
    ((i == COMP_CWORD)) && word=$trimmed
    if [[ $i -gt 0 && $trimmed == "$rest" ]]; then words[\${#words[@]}-1]+=$word; else words+=("$word"); fi
    rest=\${trimmed#"$word"}
  done
  local current=\${words[\${#words[@]}-1]} line
  # Readline keeps what is before its last break.
  local kept=\${current%"\${current##*[=:]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == '${filesLine}' ]]; then compopt -o default 2>/dev/null; continue; fi
    line=\${line%%$'\\t'*}
    COMPREPLY+=("\${line#"$kept"}")
  done < <("$1" ${answeringVerb} -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _leasectl leasectl
`

const zsh = `#compdef leasectl
# zsh completion for leasectl
_leasectl() {
  local line
  local -a described
  for line in "\${(@f)$("\${words[1]}" ${answeringVerb} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == '${filesLine}' ]]; then
      _files
    elif [[ $line == *$'\\t'* ]]; then
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    elif [[ -n $line ]]; then
      described+=("\${line//:/\\\\:}")
    fi
  done
  _describe -V leasectl described
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _leasectl "$@"
else
  compdef _leasectl leasectl
fi
`

const fish = `# fish completion for leasectl
function __leasectl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] ${answeringVerb} -- $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = '${filesLine}'
            __fish_complete_path "$current"
        else
            printf '%s\\n' $line
        end
    end
end
complete -c leasectl -f -a '(__leasectl_complete)'
`

export const completionScripts = { bash, zsh, fish } as const
