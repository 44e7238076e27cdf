import { relative, resolve } from 'node:path';
import type { VaultClient } from '@zvault/core/client';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, connect, connectWith, environmentOptions } from '../connection.ts';
import type { Context } from '../context.ts';
import { type ImportFiles, planImportFiles } from '../import-files.ts';
import { type ImportSource, readImportSource } from '../import-source.ts';
import { type ImportTarget, findImportTarget } from '../import-target.ts';
import { withProgress } from '../output/progress.ts';
import { printJson } from '../output/table.ts';
import { referenceFileName } from '../reference-file.ts';
import type { Settings } from '../settings.ts';
import { storeInCloud, storeInKv } from '../upload.ts';

interface Options extends ConnectionFlags {
  /** False with `--no-backup`. */
  readonly backup?: boolean;
  readonly dryRun?: true;
  /** False with `--no-gitignore`. */
  readonly gitignore?: boolean;
  readonly json?: true;
  /** False with `--no-ref`. */
  readonly ref?: boolean;
}

export const importCommand = defineCommand<Options>({
  configure(command) {
    environmentOptions(command.argument('[file]', 'the .env file (default: .env)'))
      .option('--no-backup', 'do not keep a copy as FILE.backup')
      .option('--no-gitignore', 'leave .gitignore alone')
      .option('--no-ref', `do not write ${referenceFileName}`)
      .option('--dry-run', 'say what would be done, and write nothing')
      .option('--json', 'print JSON')
      .addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { host, log, redactor } = context;
    const file = args[0] || '.env';
    const path = resolve(host.cwd, file);
    const source = readImportSource(host, file);
    for (const value of source.values.values()) redactor.add(value);
    for (const notice of source.notices) log.warn(notice);
    await using connection = await connect(context, options);
    const { client, settings } = connection;
    const target = await withProgress(host, `asking ${settings.url}`, () => findImportTarget(client, settings, path));
    const files = planImportFiles(path, source, {
      project: options.ref === false ? undefined : target.project,
      backup: options.backup !== false,
      gitignore: options.gitignore !== false,
    });
    const plan: Plan = { file, source, target, files, dryRun: options.dryRun === true };
    if (files.dropped.length > 0) log.warn(`no longer in ${referenceFileName}: ${files.dropped.join(', ')}`);
    if (!plan.dryRun) await carryOut(context, client, settings, plan);
    if (options.json === true) printJson(host, report(host.cwd, plan));
    else tell(context, plan);
  },
});

interface Plan {
  readonly file: string;
  readonly source: ImportSource;
  readonly target: ImportTarget;
  readonly files: ImportFiles;
  readonly dryRun: boolean;
}

/**
 * Files are ready before the first request that writes, and in place after the last: a failure in between leaves
 * nothing.
 */
async function carryOut(context: Context, client: VaultClient, settings: Settings, plan: Plan): Promise<void> {
  const staged = plan.files.stage(context.host);
  try {
    await withProgress(context.host, `storing ${plan.source.values.size} values`, () =>
      store(context, client, settings, plan),
    );
    for (const file of staged) file.commit();
  } finally {
    for (const file of staged) file.discard();
  }
}

async function store(
  context: Context,
  client: VaultClient,
  settings: Settings,
  { target, source }: Plan,
): Promise<void> {
  if (target.kind === 'kv') return storeInKv(client, target.project, source.values);
  const { org, project, environment, missing } = target;
  const { projects } = client.cloud;
  if (missing)
    await projects.create(org, { name: project, slug: project, environments: environmentsWith(environment) });
  try {
    await using own = await connectWith(context, { ...settings, org, project, environment });
    await storeInCloud(own.client, source.values);
  } catch (error) {
    // The project was made for these values alone.
    if (missing) await projects.delete(org, project).catch(() => {});
    throw error;
  }
}

function environmentsWith(environment: string): string[] {
  return [...new Set(['development', 'staging', 'production', environment])];
}

function placeOf(target: ImportTarget): string {
  return target.kind === 'cloud' ? `${target.project}/${target.environment}` : `secret/env/${target.project}`;
}

function tell({ log }: Context, { file, source, target, files, dryRun }: Plan): void {
  const say = (done: string, would: string, rest: string): void => {
    if (dryRun) log.info(`would ${would} ${rest}`);
    else log.done(`${done} ${rest}`);
  };
  if (target.kind === 'cloud' && target.missing) say('created', 'create', `the project ${target.project}`);
  const count = source.values.size;
  say('imported', 'import', `${count} ${count === 1 ? 'secret' : 'secrets'} from ${file} into ${placeOf(target)}`);
  if (files.references !== undefined)
    say('created', 'create', `${referenceFileName} (safe for git, has zvault:// references)`);
  if (files.backup !== undefined) say('backed up', 'back up', `${file} to ${file}.backup`);
  if (files.ignored.length > 0) say('added', 'add', `${files.ignored.join(' and ')} to .gitignore`);
}

function report(cwd: string, { file, source, target, files, dryRun }: Plan): unknown {
  const local = (path: string | undefined): string | null => (path === undefined ? null : relative(cwd, path));
  return {
    file,
    org: target.kind === 'cloud' ? target.org : null,
    project: target.project,
    environment: target.kind === 'cloud' ? target.environment : null,
    created_project: target.kind === 'cloud' && target.missing,
    imported: source.values.size,
    keys: [...source.values.keys()],
    references: local(files.references),
    backup: local(files.backup),
    ignored: files.ignored,
    dry_run: dryRun,
  };
}

const notes = `
Stores every value of FILE in the project's environment, all or none, and writes .env.zvault
beside FILE with KEY=zvault://env/<project>/KEY for each: zvault run finds the values again, in
the environment chosen then. FILE stays as it is; FILE.backup is an exact copy, for its owner
alone; both are added to .gitignore. $ in values is never expanded, and of two lines with one name
the last counts.

A project that is not there yet is created. Without --project it is the one of the settings, else
named like the folder.
`;
