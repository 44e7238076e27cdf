import { ZvaultError } from '@zvault/core/domain';
import type { CommandEntry } from '../command.ts';
import { type CommandBody, defineCommand, oneOf } from '../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../connection.ts';
import { createKeyFile } from '../key-file.ts';
import { promptNewPassphrase } from '../output/prompt.ts';
import { printJson, printRows } from '../output/table.ts';

interface ListOptions extends ConnectionFlags {
  readonly json?: true;
}

interface AddOptions extends ListOptions {
  readonly kind: 'key' | 'passphrase' | 'recovery';
  readonly output?: string;
  readonly replaces?: string;
}

const add = defineCommand<AddOptions>({
  configure(command) {
    addressOption(
      command
        .requiredOption(
          '--kind <kind>',
          'key, passphrase or recovery',
          oneOf('--kind', ['key', 'passphrase', 'recovery']),
        )
        .option('--output <file>', 'where to write the key of --kind key')
        .option('--replaces <id>', 'remove this slot once the new one is known to work')
        .option('--json', 'print JSON'),
    ).addHelpText(
      'after',
      '\nA passphrase is typed unseen, twice, or read from stdin. A recovery code is printed once.',
    );
  },
  async run({ context, options }) {
    const { host, log, redactor } = context;
    const { kind, replaces, output } = options;
    if ((kind === 'key') !== (output !== undefined)) throw new ZvaultError('USAGE', '--output goes with --kind key');
    const passphrase = kind === 'passphrase' ? await promptNewPassphrase(context) : '';
    await using connection = await connect(context, options, 'vault');
    using keyFile = output === undefined ? undefined : createKeyFile(host.cwd, output);
    const also = replaces === undefined ? {} : { replaces };
    const { operator } = connection.client.cloud;
    const made = await operator.addKeySlot(kind === 'passphrase' ? { kind, passphrase, ...also } : { kind, ...also });
    const code = made.recovery_code;
    if (code !== undefined) redactor.add(code);
    keyFile?.write(made.key);
    if (options.json === true) {
      printJson(host, { id: made.slot.id, kind, ...(code === undefined ? {} : { recovery_code: code }) });
    } else if (code !== undefined) host.stdout.write(`recovery code: ${code}\n`);
    log.done(
      `the ${kind} slot ${made.slot.id} opens the vault${output === undefined ? '' : `; its key is in ${output}`}`,
    );
  },
});

const list = defineCommand<ListOptions>({
  configure(command) {
    addressOption(command).option('--json', 'print JSON');
  },
  async run({ context, options }) {
    await using connection = await connect(context, options, 'vault');
    const slots = await connection.client.cloud.operator.keySlots();
    if (options.json === true) printJson(context.host, slots);
    else {
      printRows(
        context.host,
        ['id', 'kind', 'shares', 'created'],
        slots.map(({ id, kind, shares, threshold, created_at }) => [
          id,
          kind,
          shares === null ? '' : `${threshold} of ${shares}`,
          created_at,
        ]),
      );
    }
  },
});

const remove = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(command.argument('<id>', 'as "zvault key-slot list" shows it'));
  },
  async run({ context, args, options }) {
    const [id = ''] = args;
    await using connection = await connect(context, options, 'vault');
    await connection.client.cloud.operator.removeKeySlot(id);
    context.log.done(`the slot ${id} does not open the vault any more`);
  },
});

export const keySlotCommands: readonly CommandEntry[] = [
  { name: 'add', summary: 'add a passphrase, a recovery code or a key file', load: async () => add },
  { name: 'list', summary: 'list the ways into the vault, without their secrets', load: async () => list },
  { name: 'remove', summary: 'remove a way into the vault', load: async () => remove },
];

export const keySlot: CommandBody = {
  subcommands: keySlotCommands,
};
