import { type CompletionNode, allNodes } from './tree.ts';

/** A completion script for bash 3.2 and newer. */
export function bashCompletion(tree: CompletionNode): string {
  const nodes = allNodes(tree);
  const steps = nodes.slice(1).map(({ path }) => `      ${path.join('/')}) place=$place/$word ;;\n`);
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ flag, value }) => {
      if (value === 'none') return [];
      // Nothing offered: bash falls back to file names, which is right for files and does no harm for text.
      const action =
        typeof value === 'string' ? 'return' : `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$current")); return`;
      return [`    '${path.join('/')} ${flag}') ${action} ;;\n`];
    }),
  );
  const words = nodes.map(({ path, options, children }) => {
    const all = [...children.map((child) => child.path.at(-1)), ...options.map(({ flag }) => flag)];
    return `    ${path.join('/')}) words='${all.join(' ')}' ;;\n`;
  });
  return `# zvault completion for bash. Load it with: source <(zvault completion bash)
_zvault() {
  local current=\${COMP_WORDS[COMP_CWORD]} place=zvault words= word index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == -- ]]; then
      ((index == COMP_CWORD - 1)) && COMPREPLY=($(compgen -c -- "$current"))
      return
    fi
    case $place/$word in
${steps.join('')}    esac
  done
  case "$place \${COMP_WORDS[COMP_CWORD - 1]}" in
${values.join('')}  esac
  case $place in
${words.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _zvault zvault
`;
}
