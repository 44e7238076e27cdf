import { ZvaultError } from '@zvault/core/domain';
import { defineCommand, integerIn } from '../../command.ts';
import { connect } from '../../connection.ts';
import { printRows } from '../../output/table.ts';
import { type KvFlags, kvOptions, mountOf } from './options.ts';

interface Options extends KvFlags {
  readonly field?: string;
  readonly json?: true;
  readonly version?: number;
}

export const get = defineCommand<Options>({
  configure(command) {
    kvOptions(
      command
        .argument('<path>', 'path of the secret')
        .option('--field <name>', 'print the value of this field alone, byte for byte')
        .option('--version <n>', 'an older version', integerIn('--version', 1, 2 ** 31 - 1))
        .option('--json', 'print the stored object as JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host } = context;
    const [path = ''] = args;
    const { field, version } = options;
    await using connection = await connect(context, options, 'vault');
    const { text, fields } = await connection.client.vault.kv.get(path, {
      ...mountOf(options),
      ...(version === undefined ? {} : { version }),
    });
    if (field !== undefined) {
      const value = fields?.get(field);
      if (value === undefined) {
        const names = [...(fields?.keys() ?? [])];
        throw new ZvaultError('NOT_FOUND', `${path} has no field "${field}"`, {
          hint: names.length === 0 ? undefined : `its fields are ${names.join(', ')}`,
        });
      }
      if (options.json === true) host.stdout.write(`${JSON.stringify({ [field]: value })}\n`);
      else host.stdout.write(host.stdout.isTTY === true ? `${value}\n` : value);
    } else if (options.json === true || fields === undefined) {
      host.stdout.write(`${text}\n`);
    } else {
      printRows(host, ['field', 'value'], [...fields]);
    }
  },
});

const notes = `
Without --field or --json it prints a line for each field, with line breaks and other controls
written as \\n and the like. Numbers are printed as they were written.
`;
