import { Secret, ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connectWith, settingsOf } from '../../connection.ts';
import { readSecretText } from '../../output/prompt.ts';
import { printJson } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly roleId: string;
}

export const login = defineCommand<Options>({
  configure(command) {
    addressOption(command.requiredOption('--role-id <id>', 'role id').option('--json', 'print JSON')).addHelpText(
      'after',
      notes,
    );
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const secret = new Secret((await readSecretText(context, 'Secret id')).trim());
    if (secret.expose() === '') {
      throw new ZvaultError('USAGE', 'no secret id is given', { hint: 'type it when asked, or give it on stdin' });
    }
    redactor.add(secret);
    const settings = await settingsOf(context, options, 'vault');
    await using connection = await connectWith(context, settings);
    const { token, ...facts } = await connection.client.auth.appRoles.login(options.roleId, secret);
    if (options.json === true) {
      printJson(host, { token: token.expose(), ...facts });
      return;
    }
    host.stdout.write(`${token.expose()}\n`);
    redactor.add(token);
    log.info(`policies ${facts.policies.join(', ')}, valid for ${facts.ttl} seconds`);
  },
});

const notes = `
The secret id is typed unseen at a terminal, else read from stdin. The token is printed to stdout.

Example:
  export ZVAULT_TOKEN="$(zvault approle login --role-id "$ROLE_ID" < secret-id)"
`;
