import { defineCommand, integerIn } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { parseDurationSeconds } from '@zvault/core/domain';
import { listOf } from '../../list-of.ts';
import { printJson } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly policies: readonly string[];
  /** False by `--no-bind-secret-id`. */
  readonly bindSecretId: boolean;
  readonly secretIdTtl?: number;
  readonly secretIdUses?: number;
  readonly tokenMaxTtl?: number;
  readonly tokenTtl?: number;
}

export const createRole = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .argument('<name>', 'name of the role')
        .requiredOption('--policies <list>', 'policies of its tokens, divided by commas', listOf)
        .option('--token-ttl <duration>', 'how long its tokens are valid (default: 1h)', parseDurationSeconds)
        .option('--token-max-ttl <duration>', 'how long renewals keep them alive (default: 24h)', parseDurationSeconds)
        .option(
          '--secret-id-uses <n>',
          'log-ins that a secret id is good for (default: any number)',
          integerIn('--secret-id-uses', 0, 1_000_000_000),
        )
        .option('--secret-id-ttl <duration>', 'how long secret ids are valid (default: for ever)', parseDurationSeconds)
        .option('--no-bind-secret-id', 'the role id alone logs in')
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nThe role id is printed to stdout. Secret ids that the role has stay valid.');
  },
  async run({ context, args, options }) {
    const { host, log } = context;
    const [name = ''] = args;
    await using connection = await connect(context, options, 'vault');
    const { bindSecretId, policies, secretIdTtl, secretIdUses, tokenMaxTtl, tokenTtl } = options;
    const roleId = await connection.client.auth.appRoles.write(name, {
      policies,
      bind_secret_id: bindSecretId,
      ...(tokenTtl === undefined ? {} : { token_ttl_secs: tokenTtl }),
      ...(tokenMaxTtl === undefined ? {} : { token_max_ttl_secs: tokenMaxTtl }),
      ...(secretIdUses === undefined ? {} : { secret_id_num_uses: secretIdUses }),
      ...(secretIdTtl === undefined ? {} : { secret_id_ttl_secs: secretIdTtl }),
    });
    if (options.json === true) {
      printJson(host, { name, role_id: roleId });
      return;
    }
    host.stdout.write(`${roleId}\n`);
    log.done(`wrote the role ${name}`);
  },
});
