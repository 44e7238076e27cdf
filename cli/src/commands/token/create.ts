import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { listOf } from '../../list-of.ts';
import { printJson } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
  readonly maxTtl?: string;
  readonly name?: string;
  readonly orphan?: true;
  readonly policies?: readonly string[];
  /** False by `--no-renewable`. */
  readonly renewable: boolean;
  readonly ttl?: string;
}

export const create = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .option('--policies <list>', 'policies among your own, divided by commas (default: default)', listOf)
        .option('--ttl <duration>', 'how long it is valid, as 12h or 30d (default: as long as your own)')
        .option('--max-ttl <duration>', 'how long renewals can keep it alive (default: for ever)')
        .option('--name <name>', 'what it is for')
        .option('--no-renewable', 'it can’t be renewed')
        .option('--orphan', 'it does not end with your own; takes a root token')
        .option('--json', 'print JSON'),
    ).addHelpText('after', '\nThe token is printed once, to stdout. Nobody can read it again.');
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const { maxTtl, name, orphan, policies, renewable, ttl } = options;
    await using connection = await connect(context, options, 'vault');
    const { token, ...facts } = await connection.client.auth.tokens.create({
      renewable,
      ...(policies === undefined ? {} : { policies }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(maxTtl === undefined ? {} : { explicit_max_ttl: maxTtl }),
      ...(name === undefined ? {} : { display_name: name }),
      ...(orphan === undefined ? {} : { no_parent: true }),
    });
    if (options.json === true) {
      printJson(host, { token: token.expose(), ...facts });
      return;
    }
    host.stdout.write(`${token.expose()}\n`);
    redactor.add(token);
    const end = facts.lease_duration === null ? 'until it is revoked' : `for ${facts.lease_duration} seconds`;
    log.info(`policies ${facts.policies.join(', ') || 'none'}, valid ${end}`);
  },
});
