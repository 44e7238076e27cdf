import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { defaultAddress, normalizeAddress } from '../address.ts';
import { readIgnoreFile, withIgnored } from '../gitignore.ts';
import { editTable, newProjectFile, projectFileName } from '../project-file.ts';
import { writeFileAtomic } from '../staged-file.ts';

interface Options {
  readonly name?: string;
  readonly server?: string;
  readonly org?: string;
  readonly project?: string;
  readonly env?: string;
}

export const projectInit = defineCommand<Options>({
  configure(command) {
    command
      .option('--name <name>', 'name of the project (default: the name of this folder)')
      .option('--server <address>', `address of the vault (default: ${defaultAddress})`)
      .option('--org <org>', 'organisation on the server')
      .option('--project <project>', 'project on the server')
      .option('--env <environment>', 'environment that commands take when none is given')
      .addHelpText('after', '\nA .zvault.toml that is there already is kept; cloud init changes its [cloud] table.');
  },
  async run({ context, options }) {
    const { host, log } = context;
    const path = join(host.cwd, projectFileName);
    if (existsSync(path)) {
      log.info(`${projectFileName} is there already and stays as it is`);
    } else {
      writeFileAtomic(host, path, await textOf(context, path, options));
      log.done(`created ${projectFileName}`);
    }
    const ignore = readIgnoreFile(host.cwd);
    const text = withIgnored(ignore.text, ['.env', '.env.backup']);
    if (text !== ignore.text) {
      writeFileAtomic(host, ignore.path, text);
      log.done('added .env and .env.backup to .gitignore');
    }
  },
});

async function textOf({ host }: Context, path: string, options: Options): Promise<string> {
  const address = normalizeAddress(options.server || defaultAddress, '--server');
  const text = newProjectFile(options.name || basename(host.cwd) || 'app', address);
  const { org, project } = options;
  if (!org && !project) return text;
  const cloud = {
    ...(org ? { org } : {}),
    ...(project ? { project } : {}),
    default_env: options.env || 'development',
  };
  return editTable(path, text, 'cloud', cloud);
}
