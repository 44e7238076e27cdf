// Reads a backup: its frames, for whoever only keeps it, and its entries, for who has the key.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ByteReader } from './byte-reader.ts';
import {
  type BackupHeader,
  backupKeys,
  changed,
  cutOff,
  endBytes,
  magic,
  mostHeaderBytes,
  notABackup,
  openPiece,
  parseHeader,
  pieceBytes,
  tagBytes,
} from './format.ts';

export type Frame =
  | { readonly kind: 'header'; readonly header: BackupHeader; readonly text: Buffer; readonly raw: Buffer }
  | { readonly kind: 'piece'; readonly sealed: Buffer; readonly raw: Buffer }
  /** `raw` as far as the digest covers; digest and MAC follow it. */
  | {
      readonly kind: 'end';
      readonly entries: number;
      readonly digest: Buffer;
      readonly mac: Buffer;
      readonly raw: Buffer;
    };

/** @throws BAD_REQUEST for what is no backup, is cut off, or goes on after its end */
async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const bytes = new ByteReader(source, cutOff);
  const start = await bytes.read(magic.length + 4);
  if (!start.subarray(0, magic.length).equals(magic)) throw notABackup('it begins otherwise');
  const headerLength = start.readUInt32BE(magic.length);
  if (headerLength > mostHeaderBytes) throw notABackup('its header is too long');
  const text = await bytes.read(headerLength);
  yield { kind: 'header', header: parseHeader(text), text, raw: Buffer.concat([start, text]) };
  for (;;) {
    const head = await bytes.read(5);
    const type = head.toString('latin1', 0, 1);
    const length = head.readUInt32BE(1);
    if (type === 'D') {
      if (length < tagBytes || length > pieceBytes + tagBytes) throw notABackup('a piece has an impossible length');
      const sealed = await bytes.read(length);
      yield { kind: 'piece', sealed, raw: Buffer.concat([head, sealed]) };
      continue;
    }
    if (type !== 'E' || length !== endBytes) throw notABackup('it holds a part of an unknown kind');
    const end = await bytes.read(endBytes);
    if (!(await bytes.atEnd())) throw notABackup('something follows its end');
    yield {
      kind: 'end',
      entries: Number(end.readBigUInt64BE(0)),
      digest: end.subarray(8, 40),
      mac: end.subarray(40),
      raw: Buffer.concat([head, end.subarray(0, 8)]),
    };
    return;
  }
}

export interface BackupEntry {
  readonly key: string;
  readonly value: Buffer;
}

/**
 * The entries, as far as they are proven. That nothing was left out or added is known when the last one has come.
 * @throws BAD_REQUEST when it was changed, or made with another key
 */
export async function* readEntries(source: AsyncIterable<Buffer>, rootKey: Buffer): AsyncGenerator<BackupEntry> {
  const bytes = new ByteReader(openPieces(source, rootKey), changed);
  while (!(await bytes.atEnd())) {
    const lengths = await bytes.read(8);
    const key = await bytes.read(lengths.readUInt32BE(0));
    const value = await bytes.read(lengths.readUInt32BE(4));
    yield { key: key.toString(), value };
  }
}

/** The plaintext, in pieces. One is held back: whether it is the last is part of what is proven. */
async function* openPieces(source: AsyncIterable<Buffer>, rootKey: Buffer): AsyncGenerator<Buffer> {
  let opening: { keys: ReturnType<typeof backupKeys>; text: Buffer; mac: ReturnType<typeof createHmac> } | undefined;
  let held: Buffer | undefined;
  let index = 0;
  try {
    for await (const frame of readFrames(source)) {
      if (frame.kind === 'header') {
        const keys = backupKeys(rootKey, frame.header);
        opening = { keys, text: frame.text, mac: createHmac('sha256', keys.mac) };
      }
      if (!opening) throw changed();
      opening.mac.update(frame.raw);
      if (frame.kind === 'piece') {
        if (held) yield openPiece(opening.keys.encryption, opening.text, index++, false, held);
        held = frame.sealed;
      } else if (frame.kind === 'end') {
        if (!held || !timingSafeEqual(opening.mac.update(frame.digest).digest(), frame.mac)) throw changed();
        yield openPiece(opening.keys.encryption, opening.text, index, true, held);
      }
    }
  } finally {
    opening?.keys.encryption.fill(0);
    opening?.keys.mac.fill(0);
  }
}

/** Passes the frames on, and proves the digest with the last. @throws BAD_REQUEST */
export async function* checkedFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const digest = createHash('sha256');
  for await (const frame of readFrames(source)) {
    digest.update(frame.raw);
    if (frame.kind === 'end' && !digest.digest().equals(frame.digest)) throw changed();
    yield frame;
  }
}
