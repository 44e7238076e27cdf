import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { printJson } from '../../output/table.ts';
import { terminalText } from '../../output/terminal-text.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

const capabilities = ['read', 'list', 'create', 'update', 'delete', 'sudo'] as const;

export const test = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .argument('<path>', 'path as it stands behind /v1/, as secret/data/app')
        .argument('<capability>', capabilities.join(', '))
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nExits with 0 when it is allowed, else with 3.');
  },
  async run({ context, args, options }) {
    const { host } = context;
    const [path = '', word = ''] = args;
    const capability = capabilities.find((known) => known === word.toLowerCase());
    if (capability === undefined) throw new ZvaultError('USAGE', `a capability is one of: ${capabilities.join(', ')}`);
    await using connection = await connect(context, options, 'vault');
    const decision = await connection.client.auth.policies.test(path, capability);
    if (options.json === true) printJson(host, decision);
    else host.stdout.write(`${terminalText(sentence(decision))}\n`);
    return decision.allowed ? 0 : 3;
  },
});

interface Decision {
  readonly allowed: boolean;
  readonly policy: string | null;
  readonly rule: { readonly path: string; readonly capabilities: readonly string[] } | null;
}

function sentence({ allowed, policy, rule }: Decision): string {
  if (rule === null) return 'denied: no rule of any of the policies grants it';
  return `${allowed ? 'allowed' : 'denied'} by the policy ${policy}: ${rule.path} (${rule.capabilities.join(', ')})`;
}
