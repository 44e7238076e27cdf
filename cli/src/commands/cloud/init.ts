import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Host, ZvaultError, isZvaultError, slugOfName } from '@zvault/core/domain';
import type { VaultClient } from '@zvault/core/client';
import { defineCommand } from '../../command.ts';
import { type ConnectionFlags, connect, environmentOptions } from '../../connection.ts';
import type { Context } from '../../context.ts';
import { onlyOrg } from '../../import-target.ts';
import { decodeText } from '../../input.ts';
import { printJson } from '../../output/table.ts';
import { editTable, projectFileName } from '../../project-file.ts';
import { writeFileAtomic } from '../../staged-file.ts';

interface Options extends ConnectionFlags {
  readonly create?: true;
  readonly json?: true;
}

export const cloudInit = defineCommand<Options>({
  configure(command) {
    environmentOptions(
      command.option('--create', 'create the organisation if it is not there').option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log } = context;
    await using connection = await connect(context, options);
    const { client, settings } = connection;
    const me = await client.me();
    const org = await findOrg(context, client, settings.org ?? me.org_slug ?? undefined, options.create === true);
    const wanted = settings.project ?? me.project_slug ?? slugOfName(basename(host.cwd)) ?? 'app';
    // A service token may not ask about projects; its own is the one that it names.
    const project = me.project_slug === wanted ? wanted : await findProject(context, client, org, wanted);
    const environment = settings.environment ?? me.environment ?? 'development';
    const path = settings.projectFile?.path ?? join(host.cwd, projectFileName);
    await writeCloudTable(host, path, { org, project, default_env: environment });
    if (options.json === true) printJson(host, { path, org, project, default_env: environment });
    else log.done(`${path}: [cloud] is ${org}/${project}, environment ${environment}`);
  },
});

async function findOrg(
  { log }: Context,
  client: VaultClient,
  wanted: string | undefined,
  create: boolean,
): Promise<string> {
  if (wanted === undefined) return onlyOrg(client);
  const found = await foundOrMissing(() => client.cloud.orgs.get(wanted));
  if (found !== undefined) return found.slug;
  if (!create) {
    throw new ZvaultError('NOT_FOUND', `there is no organisation "${wanted}" that the token can see`, {
      hint: 'add --create to make it',
    });
  }
  const { slug } = await client.cloud.orgs.create({ name: wanted, slug: wanted });
  log.done(`created the organisation ${slug}`);
  return slug;
}

async function findProject({ log }: Context, client: VaultClient, org: string, wanted: string): Promise<string> {
  const found = await foundOrMissing(() => client.cloud.projects.get(org, wanted));
  if (found !== undefined) return found.slug;
  const { slug } = await client.cloud.projects.create(org, { name: wanted, slug: wanted });
  log.done(`created the project ${slug}`);
  return slug;
}

async function foundOrMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isZvaultError(error) && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function writeCloudTable(
  host: Pick<Host, 'randomBytes'>,
  path: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const place = existsSync(path) ? realpathSync(path) : path;
  const before = existsSync(place) ? decodeText(readFileSync(place), path) : '';
  const after = await editTable(path, before, 'cloud', values);
  if (after !== before) writeFileAtomic(host, place, after);
}

const notes = `
Writes the [cloud] table of .zvault.toml: of the nearest one upwards, else of a new one here.
Everything else in the file stays as it is. A project that is not there yet is created.
`;
