import { ZvaultError } from '@zvault/core/domain';
import { defineCommand, integerIn } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';
import { decodeText, readFileBytes } from '../../input.ts';
import { isInteractive, readSecretText } from '../../output/prompt.ts';
import { printJson } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly cas?: number;
  readonly comment?: string;
  readonly file?: string;
  readonly json?: true;
  readonly trim?: true;
}

export const set = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command
        .usage('[options] <key>')
        // A second argument is taken only to say why it is refused.
        .argument('<key...>')
        .option('--file <file>', 'take the value from this file')
        .option('--trim', 'leave out one line break at the end of the value')
        .option('--comment <text>', 'comment of the secret (default: the one it has)')
        .option(
          '--cas <n>',
          'only if this is the current version; 0: only if there is none',
          integerIn('--cas', 0, 2 ** 31 - 1),
        )
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, log, redactor } = context;
    const [key = '', ...others] = args;
    if (others.length > 0 || /^[A-Za-z_]\w*=/.test(key)) {
      throw new ZvaultError(
        'USAGE',
        'a value is not taken from the arguments: other users of this machine can read them',
        {
          hint: 'give it on stdin: printf %s "$VALUE" | zvault cloud set KEY',
        },
      );
    }
    const text =
      options.file === undefined
        ? await readSecretText(context, `Value of ${key}`)
        : decodeText(readFileBytes(host.cwd, options.file), options.file);
    const value = options.trim === true ? text.replace(/\r?\n$/, '') : text;
    redactor.add(value);
    if (value.endsWith('\n') && !isInteractive(context)) {
      log.info('the value ends with a line break; --trim leaves it out');
    }
    await using connection = await connect(context, options);
    const { cas, comment } = options;
    const written = await connection.client.set(key, value, undefined, {
      ...(cas === undefined ? {} : { cas }),
      ...(comment === undefined ? {} : { comment }),
    });
    if (options.json === true) printJson(host, { key: written.key, version: written.version });
    else log.done(`stored ${key} as version ${written.version}`);
  },
});

const notes = `
The value is everything on stdin, byte for byte: echo adds a line break, printf %s does not. At a
terminal it is typed unseen.

Examples:
  printf %s "$VALUE" | zvault cloud set API_KEY
  zvault cloud set TLS_KEY --file key.pem
`;
