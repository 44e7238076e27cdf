// Byte offsets to lines and columns. Both count from 1; only LF ends a line; a column counts code points.

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Answers for offsets that do not decrease, in one pass over the text. */
export class Positions {
  readonly #bytes: Buffer;
  #line = 1;
  #lineStart = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  at(offset: number): Position {
    for (;;) {
      const end = this.#bytes.indexOf(10, this.#lineStart);
      if (end === -1 || end >= offset) break;
      this.#line += 1;
      this.#lineStart = end + 1;
    }
    return { line: this.#line, column: codePoints(this.#bytes, this.#lineStart, offset) + 1 };
  }
}

/** Bytes that do not continue a UTF-8 sequence; with malformed text each stray byte continues what is before it. */
function codePoints(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) count += 1;
  return count;
}

/** The bytes of the line that `offset` is on, without its end. */
export function lineAround(bytes: Buffer, offset: number): { readonly start: number; readonly end: number } {
  const start = bytes.lastIndexOf(10, offset - 1) + 1;
  const end = bytes.indexOf(10, offset);
  return { start: offset === 0 ? 0 : start, end: end === -1 ? bytes.length : end };
}
