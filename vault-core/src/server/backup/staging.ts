// A backup that waits to take the vault's place: kept in the store as it came, in pieces, beside everything else. Nothing of the vault
// changes by it, and it can be thrown away at any time. A manifest, written last, makes it whole.

import { randomUUID } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import type { SealConfig } from '../seal/config.ts';
import { parseSealConfig } from '../seal/config.ts';
import type { Reader, Store } from '../store/store.ts';
import type { BackupHeader } from './format.ts';
import { checkedFrames } from './read.ts';

export const restorePrefix = 'restore/';
const manifestKey = 'restore/staged';
const uploadPrefix = 'restore/upload/';
const uploadKey = (id: string): string => uploadPrefix + id;
const piecePrefix = (id: string): string => `restore/piece/${id}/`;
const pieceKey = (id: string, index: number): string => piecePrefix(id) + String(index).padStart(10, '0');

/** Bytes of the backup in one entry of the store. */
const storedBytes = 1_048_576;
/** An upload that has brought nothing for so long was cut off by a crash. */
const deadMs = 600_000;
/** Entries erased in one transaction: writers wait for no more than that. */
const eraseBatch = 16;

export interface StagedBackup {
  readonly id: string;
  readonly staged_at: number;
  readonly entries: number;
  readonly bytes: number;
  readonly pieces: number;
  readonly version: string;
  readonly created_at: string;
  readonly seal: SealConfig;
}

export async function readStaged(reader: Reader): Promise<StagedBackup | undefined> {
  const entry = await reader.get(manifestKey);
  if (!entry) return undefined;
  const staged = JSON.parse(entry.value.toString()) as StagedBackup;
  return { ...staged, seal: parseSealConfig(JSON.stringify(staged.seal)) };
}

/** The bytes of the backup as they came. */
export async function* stagedBytes(reader: Reader, { id, pieces }: StagedBackup): AsyncGenerator<Buffer> {
  for (let index = 0; index < pieces; index += 1) {
    const piece = await reader.get(pieceKey(id, index));
    if (!piece) throw new ZvaultError('CONFLICT', 'the staged backup was cancelled');
    yield piece.value;
  }
}

/**
 * Takes a backup in. It replaces one that was staged before.
 * @throws BAD_REQUEST (no backup, cut off, changed), STORAGE_FULL; nothing of it stays then
 */
export async function stageBackup(
  store: Store,
  source: AsyncIterable<Buffer>,
  now: () => number,
): Promise<StagedBackup> {
  const id = randomUUID();
  try {
    const staged = await takeIn(store, id, source, now);
    await eraseAllBut(store, id, now());
    return staged;
  } catch (error) {
    // What can't be erased now, with a full disk say, goes with the next one.
    await erase(store, [piecePrefix(id), uploadKey(id)]).catch(() => undefined);
    throw error;
  }
}

/** Throws the staged backup away. False when there is none. */
export async function cancelStaged(store: Store): Promise<boolean> {
  const found = await store.transaction(async (transaction) => {
    const manifest = await transaction.get(manifestKey);
    if (manifest) await transaction.delete(manifestKey);
    return manifest !== undefined;
  });
  await erase(store, [restorePrefix]);
  return found;
}

/** Erases what crashes left of uploads. */
export async function eraseDeadUploads(store: Store, nowMs: number): Promise<void> {
  await eraseAllBut(store, (await readStaged(store))?.id, nowMs);
}

async function takeIn(
  store: Store,
  id: string,
  source: AsyncIterable<Buffer>,
  now: () => number,
): Promise<StagedBackup> {
  let header: BackupHeader | undefined;
  let waiting: Buffer[] = [];
  let size = 0;
  let bytes = 0;
  let pieces = 0;
  const put = async (piece: Buffer): Promise<void> => {
    await store.transaction(async (transaction) => {
      await transaction.put(uploadKey(id), String(now()));
      await transaction.put(pieceKey(id, pieces), piece);
    });
    pieces += 1;
    bytes += piece.length;
  };
  const add = async (part: Buffer): Promise<void> => {
    waiting.push(part);
    size += part.length;
    if (size < storedBytes) return;
    const all = Buffer.concat(waiting, size);
    waiting = [];
    size = 0;
    await put(all);
  };
  for await (const frame of checkedFrames(source)) {
    await add(frame.raw);
    if (frame.kind === 'header') header = frame.header;
    if (frame.kind !== 'end' || !header) continue;
    await add(Buffer.concat([frame.digest, frame.mac]));
    if (size > 0) await put(Buffer.concat(waiting, size));
    const { version, created_at, seal } = header;
    const staged = { id, staged_at: now(), entries: frame.entries, bytes, pieces, version, created_at, seal };
    await store.transaction(async (transaction) => {
      await transaction.put(manifestKey, JSON.stringify(staged));
      await transaction.delete(uploadKey(id));
    });
    return staged;
  }
  throw new ZvaultError('INTERNAL', 'a backup ended without its end');
}

/** Other pieces are those of earlier ones, or of uploads: which may be under way. */
async function eraseAllBut(store: Store, id: string | undefined, nowMs: number): Promise<void> {
  const alive = new Set(id === undefined ? [] : [id]);
  for (const { key, value } of await store.scan({ prefix: uploadPrefix })) {
    const upload = key.slice(uploadPrefix.length);
    if (nowMs - Number(value.toString()) < deadMs) alive.add(upload);
    else await erase(store, [key]);
  }
  let after = 'restore/piece/';
  for (;;) {
    const [next] = await store.scan({ prefix: 'restore/piece/', after, limit: 1 });
    if (!next) return;
    const owner = next.key.slice('restore/piece/'.length).split('/', 1)[0] ?? '';
    if (!alive.has(owner)) await erase(store, [piecePrefix(owner)]);
    after = `${piecePrefix(owner)}~`;
  }
}

async function erase(store: Store, prefixes: readonly string[]): Promise<void> {
  for (const prefix of prefixes) {
    for (;;) {
      const entries = await store.scan({ prefix, limit: eraseBatch });
      if (entries.length === 0) break;
      await store.transaction(async (transaction) => {
        for (const { key } of entries) await transaction.delete(key);
      });
    }
  }
}
