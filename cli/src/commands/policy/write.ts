import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../../connection.ts';
import { decodeText, readFileBytes, readInput } from '../../input.ts';

interface Rule {
  readonly path: string;
  readonly capabilities: string[];
}

export const write = defineCommand<ConnectionFlags>({
  configure(command) {
    addressOption(
      command
        .argument('<name>', 'name of the policy')
        .argument('[file]', 'JSON file with its rules; "-" or nothing: stdin'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const [name = '', file = '-'] = args;
    const text = file === '-' ? await readInput(context) : decodeText(readFileBytes(context.host.cwd, file), file);
    const rules = parseRules(text, file === '-' ? 'stdin' : file);
    await using connection = await connect(context, options, 'vault');
    await connection.client.auth.policies.write(name, rules);
    context.log.done(`wrote the policy ${name} with ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}`);
  },
});

/** An object with "rules", or the list of them. @throws INPUT_INVALID */
function parseRules(text: string, source: string): Rule[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid(source, 'it is not JSON');
  }
  const rules: unknown = Array.isArray(document) ? document : ((document ?? {}) as { rules?: unknown }).rules;
  if (!Array.isArray(rules)) throw invalid(source, 'it has no "rules"');
  return rules.map((entry: unknown, index) => {
    const { path, capabilities } = (entry ?? {}) as Partial<Record<string, unknown>>;
    if (typeof path !== 'string') throw invalid(source, `rule ${index + 1} has no "path"`);
    if (!Array.isArray(capabilities) || !capabilities.every((capability) => typeof capability === 'string')) {
      throw invalid(source, `rule ${index + 1} has no list of "capabilities"`);
    }
    return { path, capabilities };
  });
}

function invalid(source: string, why: string): ZvaultError {
  return new ZvaultError('INPUT_INVALID', `${source}: ${why}`, {
    hint: 'write {"rules": [{"path": "secret/data/app/*", "capabilities": ["read"]}]}',
  });
}

const notes = `
Example:
  {"rules": [
    {"path": "secret/data/app/**", "capabilities": ["read", "list"]},
    {"path": "secret/data/app/admin/*", "capabilities": ["deny"]}
  ]}
`;
