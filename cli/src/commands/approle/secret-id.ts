import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';

export const secretId = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<name>', 'name of the role')).addHelpText(
      'after',
      '\nThe secret id is printed once, to stdout. Nobody can read it again.',
    );
  },
  async run({ context, args, options }) {
    const [name = ''] = args;
    await using connection = await connect(context, options, 'vault');
    const secret = await connection.client.auth.appRoles.createSecretId(name);
    context.host.stdout.write(`${secret.expose()}\n`);
    context.redactor.add(secret);
  },
});
