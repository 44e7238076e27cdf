import { type CompletionNode, allNodes } from './tree.ts';

/** A completion script for fish 3 and newer. */
export function fishCompletion(tree: CompletionNode): string {
  const nodes = allNodes(tree);
  const steps = nodes.slice(1).map(({ path }) => `      case ${path.join('/')}\n        set place $place/$word\n`);
  const lines = nodes.flatMap(({ path, options, children }) => {
    const at = `complete -c zvault -n '__zvault_at ${path.join('/')}'`;
    return [
      ...children.map((child) => `${at} -f -a ${child.path.at(-1)} -d ${quoted(child.summary)}\n`),
      ...options.map(({ flag, description, value }) => {
        const kind =
          value === 'none'
            ? ''
            : value === 'file'
              ? ' -r -F'
              : value === 'text'
                ? ' -x'
                : ` -x -a '${value.join(' ')}'`;
        return `${at} -l ${flag.slice(2)}${kind} -d ${quoted(description)}\n`;
      }),
    ];
  });
  return `# zvault completion for fish. Load it with: zvault completion fish | source
function __zvault_at
  set -l place zvault
  set -l typed (commandline -opc)
  for word in $typed[2..-1]
    switch $place/$word
${steps.join('')}    end
  end
  test $place = $argv[1]
end
${lines.join('')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
