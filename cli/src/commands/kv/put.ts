import { ZvaultError, compactJson, isZvaultError } from '@zvault/core/domain';
import { defineCommand, integerIn } from '../../command.ts';
import { connect } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { decodeText, readFileBytes, readInput } from '../../input.ts';
import { readSecretText } from '../../output/prompt.ts';
import { printJson } from '../../output/table.ts';
import { type KvFlags, kvOptions, mountOf } from './options.ts';

interface Options extends KvFlags {
  readonly allowArguments?: true;
  readonly cas?: number;
  readonly file?: string;
  readonly json?: true;
}

export const put = defineCommand<Options>({
  configure(command) {
    kvOptions(
      command
        .usage('[options] <path> [field…]')
        .argument('<path>', 'path of the secret')
        .argument('[field...]', 'KEY=- (value from stdin), KEY=@FILE, or KEY (asked for)')
        .option('--file <file>', 'take the whole object from this JSON file; - is stdin')
        .option(
          '--cas <n>',
          'only if this is the current version; 0: only if it has none',
          integerIn('--cas', 0, 2 ** 31 - 1),
        )
        .option('--allow-arguments', 'take KEY=VALUE too, although others on this machine can read it')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, log } = context;
    const [path = '', ...fields] = args;
    const data = await readData(context, fields, options);
    await using connection = await connect(context, options, 'vault');
    const { cas } = options;
    const written = await connection.client.vault.kv.put(path, data, {
      ...mountOf(options),
      ...(cas === undefined ? {} : { cas }),
    });
    if (options.json === true) printJson(host, { path, ...written });
    else log.done(`stored ${path} as version ${written.version}`);
  },
});

async function readData(
  context: Context,
  fields: readonly string[],
  options: Options,
): Promise<Readonly<Record<string, string>> | string> {
  const { file } = options;
  if ((file === undefined) === (fields.length === 0))
    throw new ZvaultError('USAGE', 'give fields, or --file with the whole object');
  if (file !== undefined) return readObject(context, file);
  const takeStdin = onlyOnce();
  const values = new Map<string, string>();
  for (const field of fields) {
    const { key, from } = parseField(field, options.allowArguments === true);
    if (values.has(key)) throw new ZvaultError('USAGE', `the field ${key} is given twice`);
    const value = await readValue(context, key, from, takeStdin);
    context.redactor.add(value);
    values.set(key, value);
  }
  return Object.fromEntries(values);
}

type From = { kind: 'stdin' | 'asked' } | { kind: 'file'; path: string } | { kind: 'given'; value: string };

/** @throws USAGE that quotes no value */
function parseField(field: string, allowArguments: boolean): { key: string; from: From } {
  const mark = field.indexOf('=');
  const key = mark === -1 ? field : field.slice(0, mark);
  if (key === '') throw new ZvaultError('USAGE', 'a field has no name', { hint: 'write KEY=-, KEY=@FILE or KEY' });
  const text = mark === -1 ? undefined : field.slice(mark + 1);
  if (text === undefined) return { key, from: { kind: 'asked' } };
  if (text === '-') return { key, from: { kind: 'stdin' } };
  if (text.startsWith('@')) return { key, from: { kind: 'file', path: text.slice(1) } };
  if (allowArguments) return { key, from: { kind: 'given', value: text } };
  throw new ZvaultError('USAGE', 'a value is not taken from the arguments: other users of this machine can read them', {
    hint: `give it on stdin: printf %s "$VALUE" | zvault kv put PATH ${key}=-`,
  });
}

async function readValue(context: Context, key: string, from: From, takeStdin: () => void): Promise<string> {
  switch (from.kind) {
    case 'given':
      return from.value;
    case 'file':
      return decodeText(readFileBytes(context.host.cwd, from.path), from.path);
    case 'stdin':
      takeStdin();
      return readInput(context);
    case 'asked':
      // At a terminal one after the other can be typed.
      if (context.host.stdin.isTTY !== true) takeStdin();
      return readSecretText(context, `Value of ${key}`);
  }
}

/** The object as it is written: no number of it changes. */
async function readObject(context: Context, file: string): Promise<string> {
  const { host, redactor } = context;
  const source = file === '-' ? 'stdin' : file;
  const text = file === '-' ? await readInput(context) : decodeText(readFileBytes(host.cwd, file), file);
  try {
    JSON.parse(text);
    const { text: compact, members } = compactJson(text);
    for (const member of members?.values() ?? [])
      redactor.add(member.startsWith('"') ? (JSON.parse(member) as string) : member);
    if (members) return compact;
  } catch (error) {
    if (isZvaultError(error)) throw new ZvaultError('INPUT_INVALID', `${source}: ${error.message}`);
    // The parser's message would quote the text.
    throw new ZvaultError('INPUT_INVALID', `${source} is not valid JSON`);
  }
  throw new ZvaultError('INPUT_INVALID', `${source} is not a JSON object`);
}

function onlyOnce(): () => void {
  let taken = false;
  return () => {
    if (taken)
      throw new ZvaultError('USAGE', 'only one field can come from stdin', { hint: 'use KEY=@FILE or --file' });
    taken = true;
  };
}

const notes = `
A write replaces the whole secret. Values are taken byte for byte: echo adds a line break, printf %s
does not.

Examples:
  printf %s "$PASSWORD" | zvault kv put app/db password=-
  zvault kv put app/tls certificate=@cert.pem key=@key.pem
  zvault kv put app/db --file db.json --cas 3
`;
