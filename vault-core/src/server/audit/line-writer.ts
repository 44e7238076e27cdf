// Puts lines together, at tens of thousands a second: what is the same in all lines rests as bytes, and what varies (number, time,
// digests) is written over in place. Strings would be made and thrown away for each line. The form is that of domain/audit/line.ts.

import { hash } from 'node:crypto';
import type { ChainState } from '../../domain/audit/line.ts';
import { Hmac } from '../crypto/hmac.ts';
import type { LineText } from './line-text.ts';

/** Bytes of a line beside its text, and more: all that stands there has a fixed length, but for the number. */
const frameBytes = 512;
const idStart = '{"id":"'.length;
const idBytes = 36;
/** Hex digits of the number at the end of a record's id. */
const idDigits = 12;
/** Of an RFC 3339 time in UTC with milliseconds. */
const timestampBytes = 24;
const timestampStart = idStart + idBytes + '","timestamp":"'.length;
const closingBrace = 0x7d;

/** Room that a line with this text takes at most. */
export function mostLineBytes(text: LineText): number {
  return text.bytes.length + frameBytes;
}

export interface LineParts {
  /** A UUID; made of chain and number when left out, which is nothing to draw for each line. */
  readonly id: string | undefined;
  readonly text: LineText;
  /** The state that it follows on. */
  readonly before: ChainState;
  /** Makes the signature of a checkpoint, base64. */
  readonly sign?: ((state: ChainState) => string | undefined) | undefined;
}

export class LineWriter {
  readonly #hmac: Hmac;
  readonly #idPrefix: string;
  readonly #head = Buffer.from(`{"id":"${'0'.repeat(idBytes)}","timestamp":"${'0'.repeat(timestampBytes)}",`);
  readonly #tail: Buffer;
  readonly #macOpening = Buffer.from(',"mac":"');
  readonly #end = Buffer.from('"}\n');
  /** What the digest is made of. */
  readonly #framed = Buffer.alloc(frameBytes);
  #framedView: Buffer = this.#framed;
  #timestamp = '';

  /** `chain`: a UUID. */
  constructor(key: Buffer, chain: string) {
    this.#hmac = new Hmac(key);
    this.#idPrefix = chain.slice(0, idBytes - idDigits);
    this.#tail = Buffer.from(`,"chain":"${chain}","seq":`);
    this.#head.write(this.#idPrefix, idStart, 'latin1');
  }

  /** The time of the lines that follow: RFC 3339, UTC, milliseconds. */
  setTimestamp(timestamp: string): void {
    if (timestamp === this.#timestamp) return;
    this.#timestamp = timestamp;
    this.#head.write(timestamp, timestampStart, 'latin1');
  }

  /** Writes a line at `start` of the slab, where there is room for it. Returns the state after it, and its end. */
  write({ id, text, before, sign }: LineParts, slab: Buffer, start: number): { state: ChainState; end: number } {
    const seq = before.seq + 1;
    if (id === undefined) writeHex(this.#head, seq, idStart + idBytes);
    else this.#head.write(id, idStart, 'latin1');
    const digest = this.#digest(seq, text, before);
    const mac = this.#hmac.hex(digest, 'latin1');
    const state = { seq, digest, mac };
    const signature = sign?.(state);
    let end = start;
    slab.set(this.#head, end);
    end += this.#head.length;
    slab.set(text.bytes, end);
    end += text.bytes.length;
    slab.set(this.#tail, end);
    end = writeDecimal(slab, seq, end + this.#tail.length);
    slab.set(this.#macOpening, end);
    end += this.#macOpening.length;
    end += slab.write(mac, end, 'latin1');
    if (signature !== undefined) end += slab.write(`","signature":"${signature}`, end, 'latin1');
    slab.set(this.#end, end);
    if (id !== undefined) this.#head.write(this.#idPrefix, idStart, 'latin1');
    return { state, end: end + this.#end.length };
  }

  zero(): void {
    this.#hmac.zero();
  }

  #digest(seq: number, text: LineText, before: ChainState): string {
    const framed = this.#framed;
    let end = framed.write(before.digest, 'latin1');
    end += framed.write(before.mac, end, 'latin1');
    framed.set(this.#head, end);
    end += this.#head.length;
    end += framed.write(text.digest, end, 'latin1');
    framed.set(this.#tail, end);
    end = writeDecimal(framed, seq, end + this.#tail.length);
    framed[end] = closingBrace;
    // Lines with as many digits follow each other: the view is made once.
    if (this.#framedView.length !== end + 1) this.#framedView = framed.subarray(0, end + 1);
    return hash('sha256', this.#framedView);
  }
}

/** The last digits of a number, in hex, before `end`. */
function writeHex(buffer: Buffer, number: number, end: number): void {
  let rest = number;
  for (let at = end - 1; at >= end - idDigits; at -= 1) {
    const digit = rest % 16;
    buffer[at] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    rest = (rest - digit) / 16;
  }
}

/** A whole number from `start` on; returns its end. */
function writeDecimal(buffer: Buffer, number: number, start: number): number {
  let digits = 1;
  for (let limit = 10; number >= limit; limit *= 10) digits += 1;
  let rest = number;
  for (let at = start + digits - 1; at >= start; at -= 1) {
    const digit = rest % 10;
    buffer[at] = 0x30 + digit;
    rest = (rest - digit) / 10;
  }
  return start + digits;
}
