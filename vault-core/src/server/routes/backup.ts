import { formatTimestamp } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { type Backup, type RestoreStatus, type Staged, mostSnapshotLength } from '../../wire/backup-shapes.ts';
import { type BackupSource, backupHeader, writeBackup } from '../backup/write.ts';
import { cancelStaged, readStaged, stageBackup } from '../backup/staging.ts';
import { isBinary, streamBody } from '../http/body.ts';
import { type Handler, type RequestContext, type StreamReply, bodyOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import { requireSealConfig, shamirSlots } from '../seal/config.ts';
import type { Vault } from '../vault.ts';

export const backupHandlers = {
  'sys.backup': async (context) => {
    const { slots } = await requireSealConfig(context.vault.store);
    if (slots.length === 0) {
      throw new ZvaultError('CONFLICT', 'this vault has no key slot, so nobody could ever open its backup', {
        hint: 'add a passphrase or a recovery code with "zvault key-slot add"',
      });
    }
    const binary = /\bapplication\/octet-stream\b/i.test(context.message.headers.accept ?? '');
    return binary ? streamBackup(context) : jsonBackup(context);
  },
  'sys.restore': restore,
  'sys.restore-status': async ({ vault }) => ok(await restoreStatus(vault)),
  'sys.restore-cancel': async ({ vault }) => {
    if (!(await cancelStaged(vault.store))) throw new ZvaultError('NOT_FOUND', 'no backup is staged');
    await vault.seal.resetShares();
    return { status: 204, body: null };
  },
} satisfies Record<string, Handler>;

/** Works on one moment of the store, whatever is written meanwhile. */
async function withSource<T>({ vault, nowMs }: RequestContext, work: (source: BackupSource) => Promise<T>): Promise<T> {
  const { keyring } = vault.seal;
  const snapshot = await vault.store.snapshot();
  try {
    const seal = await requireSealConfig(snapshot);
    const { bytes } = await keyring.root(snapshot);
    return await work({ snapshot, rootKey: bytes, seal, nowMs });
  } finally {
    await snapshot.close();
  }
}

function streamBackup(context: RequestContext): StreamReply {
  const { vault, nowMs } = context;
  const name = `zvault-${formatTimestamp(nowMs).slice(0, 19).replaceAll(':', '')}Z.backup`;
  return {
    status: 200,
    body: null,
    mediaType: 'application/octet-stream',
    headers: { 'Content-Disposition': `attachment; filename="${name}"` },
    data: { form: 'binary' },
    mayGoOn: () => stillAllowed(context),
    run: (write, signal) =>
      withSource(context, async (source) => {
        for await (const part of writeBackup(source)) {
          await taken(write(part), vault.options.slowRequestMs);
          if (signal.aborted) throw new ZvaultError('UNAVAILABLE', 'a backup ended before its end: its reader is gone');
        }
      }),
  };
}

/** A reader that stands still would make the store keep its snapshot for ever. */
async function taken(write: Promise<void>, slowMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new ZvaultError('REQUEST_TIMEOUT', 'a backup was cut off: its reader is too slow')),
      slowMs,
    );
  });
  try {
    await Promise.race([write, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function jsonBackup(context: RequestContext): Promise<Reply> {
  return withSource(context, async (source) => {
    const header = backupHeader(source);
    const parts: Buffer[] = [];
    let size = 0;
    const stream = writeBackup(source, header);
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) {
      parts.push(next.value);
      size += next.value.length;
      if (Math.ceil(size / 3) * 4 > mostSnapshotLength) {
        throw new ZvaultError('PAYLOAD_TOO_LARGE', 'the backup is larger than 64 MiB, too large for JSON', {
          hint: 'ask for the binary form with "Accept: application/octet-stream", as "zvault backup" does',
        });
      }
    }
    const body: Backup = {
      snapshot: Buffer.concat(parts, size).toString('base64'),
      entry_count: next.value,
      created_at: header.created_at,
      version: header.version,
    };
    return ok(body, { data: { form: 'json', entries: next.value } });
  });
}

async function restore(context: RequestContext): Promise<Reply> {
  const { vault, message, route } = context;
  const source = isBinary(message, route)
    ? streamBody(message, vault.options.slowRequestMs)
    : once(decode(bodyOf<{ snapshot: string }>(context).snapshot));
  const staged = await stageBackup(vault.store, source, () => vault.host.now());
  await vault.seal.resetShares();
  const { entries, created_at, version } = staged;
  const body: Staged = { success: true, entry_count: entries, created_at, version, staged: true };
  return ok(body, { resource: staged.id, data: { entries, bytes: staged.bytes, created_at } });
}

async function restoreStatus(vault: Vault): Promise<RestoreStatus> {
  const staged = await readStaged(vault.store);
  const slot = staged && shamirSlots(staged.seal).at(-1);
  return {
    staged: staged !== undefined,
    staged_at: staged ? formatTimestamp(staged.staged_at) : null,
    created_at: staged?.created_at ?? null,
    version: staged?.version ?? null,
    entry_count: staged?.entries ?? 0,
    bytes: staged?.bytes ?? 0,
    shares: slot?.shares ?? 0,
    threshold: slot?.threshold ?? 0,
    progress: staged ? await vault.seal.progress() : 0,
  };
}

async function stillAllowed(context: RequestContext): Promise<boolean> {
  try {
    await context.reauthorize();
    return true;
  } catch {
    return false;
  }
}

/** @throws BAD_REQUEST */
function decode(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw new ZvaultError('BAD_REQUEST', 'the snapshot is not base64');
  return Buffer.from(text, 'base64');
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
