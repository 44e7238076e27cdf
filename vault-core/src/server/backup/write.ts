// Makes a backup from a snapshot of the store, piece by piece: its memory does not grow with the vault.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { formatVaultTimestamp } from '../../domain/duration.ts';
import { zvaultVersion } from '../../domain/version.ts';
import { rootLinkPrefix } from '../keyring.ts';
import type { SealConfig } from '../seal/config.ts';
import { storeFormat } from '../store/migrations.ts';
import type { Entry, Reader } from '../store/store.ts';
import { type BackupHeader, backupKeys, endBytes, frameHead, magic, pieceBytes, sealPiece } from './format.ts';
import { restorePrefix } from './staging.ts';

export interface BackupSource {
  readonly snapshot: Reader;
  readonly rootKey: Buffer;
  readonly seal: SealConfig;
  readonly nowMs: number;
}

/** Entries read at once: a value may have a megabyte. */
const pageSize = 16;

export function backupHeader({ seal, nowMs }: Pick<BackupSource, 'seal' | 'nowMs'>): BackupHeader {
  return {
    format: 1,
    version: zvaultVersion,
    created_at: formatVaultTimestamp(nowMs),
    store_format: storeFormat,
    salt: randomBytes(32).toString('base64'),
    seal,
  };
}

/** The bytes of the backup; at its end the number of entries. */
export async function* writeBackup(
  source: BackupSource,
  header = backupHeader(source),
): AsyncGenerator<Buffer, number> {
  const headerText = Buffer.from(JSON.stringify(header));
  const keys = backupKeys(source.rootKey, header);
  const digest = createHash('sha256');
  const mac = createHmac('sha256', keys.mac);
  const counted = (bytes: Buffer): Buffer => {
    digest.update(bytes);
    mac.update(bytes);
    return bytes;
  };
  try {
    yield counted(Buffer.concat([magic, uint32(headerText.length), headerText]));
    const pieces = new Pieces();
    let index = 0;
    let count = 0;
    const piece = (plaintext: Buffer, last: boolean): Buffer => {
      const sealed = sealPiece(keys.encryption, headerText, index, last, plaintext);
      index += 1;
      return counted(Buffer.concat([frameHead('D', sealed.length), sealed]));
    };
    for await (const { key, value } of entriesOf(source.snapshot)) {
      const name = Buffer.from(key);
      count += 1;
      pieces.add(Buffer.concat([uint32(name.length), uint32(value.length), name, value]));
      for (const plaintext of pieces.full()) yield piece(plaintext, false);
    }
    yield piece(pieces.rest(), true);
    const total = Buffer.alloc(8);
    total.writeBigUInt64BE(BigInt(count));
    const end = counted(Buffer.concat([frameHead('E', endBytes), total]));
    const sum = digest.digest();
    mac.update(sum);
    yield Buffer.concat([end, sum, mac.digest()]);
    return count;
  } finally {
    keys.encryption.fill(0);
    keys.mac.fill(0);
  }
}

/** Cuts what is added into pieces of one length; the rest, which is never empty once there was something, is the last. */
class Pieces {
  #waiting: Buffer[] = [];
  #size = 0;

  add(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#size += bytes.length;
  }

  *full(): Generator<Buffer> {
    if (this.#size <= pieceBytes) return;
    let rest = this.rest();
    for (; rest.length > pieceBytes; rest = rest.subarray(pieceBytes)) yield rest.subarray(0, pieceBytes);
    this.add(rest);
  }

  rest(): Buffer {
    const all = Buffer.concat(this.#waiting, this.#size);
    this.#waiting = [];
    this.#size = 0;
    return all;
  }
}

/** All but staged backups, and the ways from former root keys to the present one. */
async function* entriesOf(snapshot: Reader): AsyncGenerator<Entry> {
  let after: string | undefined;
  for (;;) {
    const page = await snapshot.scan({ prefix: '', limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const entry of page) {
      if (!entry.key.startsWith(restorePrefix) && !entry.key.startsWith(rootLinkPrefix)) yield entry;
    }
    if (page.length < pageSize) return;
    after = page.at(-1)?.key;
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
