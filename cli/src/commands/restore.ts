import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { ZvaultError } from '@zvault/core/domain';
import { defineCommand } from '../command.ts';
import { type Connection, type ConnectionFlags, addressOption, connectWith, settingsOf } from '../connection.ts';
import type { Context } from '../context.ts';
import { fileError } from '../input.ts';
import { formatBytes, progressLine } from '../output/progress.ts';
import { isInteractive, promptConfirm } from '../output/prompt.ts';
import { printJson } from '../output/table.ts';
import { type WayInFlags, namesWayIn, readShares, readWayIn, unsealWith, wayInOptions } from '../way-in.ts';

interface Options extends ConnectionFlags, WayInFlags {
  readonly cancel?: true;
  readonly json?: true;
  readonly status?: true;
  readonly yes?: true;
}

export const restore = defineCommand<Options>({
  configure(command) {
    addressOption(
      wayInOptions(
        command
          .argument('[file]', 'what "zvault backup" wrote; "-" is stdin')
          .option('--yes', 'do not ask whether everything may be replaced'),
      )
        .option('--status', 'show the backup that waits to be unsealed')
        .option('--cancel', 'throw that backup away')
        .option('--json', 'print JSON'),
    ).addHelpText('after', notes);
  },
  async run({ context, args, options }) {
    const { log } = context;
    const [file, ...more] = args;
    if ((file === undefined) === (options.status === undefined && options.cancel === undefined) || more.length > 0)
      throw new ZvaultError('USAGE', 'give one file, or --status, or --cancel');
    const settings = await settingsOf(context, options, 'vault');
    await using connection = await connectWith(context, settings);
    const { operator } = connection.client.cloud;
    if (options.cancel === true) {
      await operator.cancelRestore();
      log.done('the backup that waited is thrown away');
    } else if (options.status === true) printStatus(context, await operator.restoreStatus(), options);
    else if (file !== undefined) await stage(context, connection, file, options);
  },
});

async function stage(context: Context, connection: Connection, file: string, options: Options): Promise<void> {
  const { host, interrupted, log } = context;
  const { operator } = connection.client.cloud;
  const open = source(context, file);
  // Asked first: who may not is told before the file has gone over.
  await operator.restoreStatus();
  await confirm(context, connection, file, options);
  const { url } = connection.settings;
  using line = progressLine(host);
  let bytes = 0;
  const staged = await operator.restore(
    () =>
      open().on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        line.show(`${formatBytes(bytes)} sent`);
      }),
    { signal: interrupted },
  );
  line[Symbol.dispose]();
  log.info(`${url} has the backup of ${staged.created_at} with ${staged.entry_count} entries`);
  const opened = await unsealStaged(context, connection, options);
  if (options.json === true) printJson(host, { ...staged, staged: !opened });
  if (opened) log.done(`${url} is restored: the keys and tokens of the backup are the only ones`);
  else {
    log.info('nothing is replaced yet: that happens when it is unsealed with its own shares, code or passphrase');
    log.hint('run "zvault unseal", or "zvault restore --cancel" to think better of it');
  }
}

async function confirm(context: Context, connection: Connection, file: string, options: Options): Promise<void> {
  if (options.yes === true) return;
  if (!isInteractive(context) || file === '-') {
    throw new ZvaultError('USAGE', 'a restore replaces everything in the vault', {
      hint: 'add --yes if that is meant',
    });
  }
  const { url } = connection.settings;
  if (!(await promptConfirm(context, `Replace everything in ${url} by ${file}, once it is unsealed?`)))
    throw new ZvaultError('INTERRUPTED', 'nothing was restored');
}

/** Unseals the backup if the flags say with what, or if there is somebody to ask. */
async function unsealStaged(context: Context, { client }: Connection, options: Options): Promise<boolean> {
  if (namesWayIn(options)) return !(await unsealWith(client, await readWayIn(context, options))).sealed;
  const { threshold } = await client.cloud.operator.restoreStatus();
  if (!isInteractive(context) || threshold === 0) return false;
  if (!(await promptConfirm(context, `Unseal it now? It takes ${threshold} shares of the backup's vault`)))
    return false;
  const shares = await readShares(context, undefined, threshold);
  return !(await unsealWith(client, { kind: 'shares', shares })).sealed;
}

/** Opens it anew each time. @throws NOT_FOUND, FORBIDDEN … before anything is sent */
function source({ host }: Context, file: string): () => Readable {
  if (file === '-') return () => host.stdin;
  const path = resolve(host.cwd, file);
  try {
    if (!statSync(path).isFile()) throw new ZvaultError('INPUT_INVALID', `${file} is no file`);
  } catch (error) {
    throw error instanceof ZvaultError ? error : fileError(error, 'read', file);
  }
  return () => createReadStream(path);
}

interface Status {
  readonly staged: boolean;
  readonly created_at: string | null;
  readonly entry_count: number;
  readonly bytes: number;
  readonly threshold: number;
  readonly progress: number;
}

function printStatus({ host, log }: Context, status: Status, options: Options): void {
  if (options.json === true) printJson(host, status);
  else if (!status.staged) log.info('no backup waits');
  else {
    const { created_at, entry_count, bytes, threshold, progress } = status;
    log.info(`a backup of ${created_at} waits: ${entry_count} entries, ${formatBytes(bytes)}`);
    log.info(`${progress} of ${threshold} shares are given`);
  }
}

const notes = `
The server takes the backup in and proves that it is whole; the vault goes on as it is. Once the
backup is unsealed with its own keys, here or with zvault unseal, it takes the place of everything:
then only the backup's keys and tokens count. Needs sudo on sys/restore; a server that is not
initialized takes a backup without a token.
`;
