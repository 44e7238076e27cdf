import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, projectOptions } from '../../connection.ts';
import { decodeText, readFileBytes, readInput } from '../../input.ts';
import { printJson } from '../../output/table.ts';

interface Options extends ConnectionFlags {
  readonly json?: true;
}

export const write = defineCommand<Options>({
  configure(command) {
    projectOptions(
      command
        .argument('<name>', 'name of the role')
        .argument('[file]', 'JSON file with its fields; "-" or nothing: stdin')
        .option('--json', 'print the role as JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, log } = context;
    const [name = '', file = '-'] = args;
    const text = file === '-' ? await readInput(context) : decodeText(readFileBytes(host.cwd, file), file);
    const fields = parseFields(text, file === '-' ? 'stdin' : file);
    await using connection = await connect(context, options);
    const { org, project } = connection.settings;
    // The server says what is wrong with the other fields, which it knows better.
    const body = { ...(org === undefined ? {} : { org }), ...(project === undefined ? {} : { project }), ...fields };
    const role = await connection.client.auth.jwtRoles.write(name, body as Parameters<JwtRoleWriter>[1]);
    if (options.json === true) printJson(host, role);
    log.done(`wrote the role ${name}: ${role.permissions.join(' and ')} in ${role.project}/${role.environment ?? '*'}`);
  },
});

type JwtRoleWriter = Awaited<ReturnType<typeof connect>>['client']['auth']['jwtRoles']['write'];

/** @throws INPUT_INVALID */
function parseFields(text: string, source: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid(source, 'it is not JSON');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid(source, 'it is not an object');
  }
  return document as Readonly<Record<string, unknown>>;
}

function invalid(source: string, why: string): ZvaultError {
  return new ZvaultError('INPUT_INVALID', `${source}: ${why}`, { hint: 'zvault help jwt-role write shows an example' });
}

const notes = `
Organisation and project may stand in the file, too. Takes an admin of the organisation, or a root
token.

Example:
  {"preset": "github",
   "audience": "https://vault.example.com",
   "bound_claims": {"repository_id": "42", "ref": "refs/heads/main"},
   "project": "app", "environment": "production"}
`;
