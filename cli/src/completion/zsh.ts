import { type CompletionNode, allNodes } from './tree.ts';

/** A completion script for zsh. */
export function zshCompletion(tree: CompletionNode): string {
  const nodes = allNodes(tree);
  const steps = nodes.slice(1).map(({ path }) => `      ${path.join('/')}) place=$place/$words[index] ;;\n`);
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ flag, value }) => {
      if (value === 'none') return [];
      const action =
        value === 'file' ? '_files' : value === 'text' ? '_message value' : `compadd -- ${value.join(' ')}`;
      return [`    '${path.join('/')} ${flag}') ${action}; return ;;\n`];
    }),
  );
  const words = nodes.map(({ path, options, children }) => {
    const commands = children.map((child) => described(child.path.at(-1) ?? '', child.summary));
    const flags = options.map(({ flag, description }) => described(flag, description));
    return `    ${path.join('/')})\n      commands=(${commands.join(' ')})\n      options=(${flags.join(' ')})\n      ;;\n`;
  });
  // `path` and `words` have meanings of their own in zsh.
  return `#compdef zvault
# zvault completion for zsh. Load it with: source <(zvault completion zsh)
_zvault() {
  local place=zvault
  local -a commands options
  integer index
  for ((index = 2; index < CURRENT; index++)); do
    if [[ $words[index] == -- ]]; then
      shift index words
      ((CURRENT -= index))
      _normal
      return
    fi
    case $place/$words[index] in
${steps.join('')}    esac
  done
  case "$place $words[CURRENT-1]" in
${values.join('')}  esac
  case $place in
${words.join('')}  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
  elif ((\${#commands})); then
    _describe command commands
  else
    _files
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
compdef _zvault zvault
`;
}

/** An entry for `_describe`: name and description divided by a colon, single-quoted. */
function described(name: string, description: string): string {
  return `'${name}:${description.replaceAll("'", String.raw`'\''`)}'`;
}
