import { type CommandBody, oneOf } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { completionTree } from '../completion/tree.ts';
import { zshCompletion } from '../completion/zsh.ts';

const formats = { bash: bashCompletion, fish: fishCompletion, zsh: zshCompletion };
const shells = ['bash', 'fish', 'zsh'] as const;

export const completion: CommandBody = {
  configure(command) {
    command.argument('<shell>', 'bash, fish or zsh').addHelpText('after', notes);
  },
  async run({ context: { host }, args, tree }) {
    const shell = oneOf('completion', shells)(args[0] ?? '');
    host.stdout.write(formats[shell](completionTree(await tree())));
  },
};

const notes = `
Load it in a running shell:
  bash  source <(zvault completion bash)
  zsh   source <(zvault completion zsh)
  fish  zvault completion fish | source
`;
