// Byte offsets to lines and columns. Both count from 1; only LF ends a line; a column counts code points.

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Answers for offsets that do not decrease, in one pass over the text. */
export class Positions {
  readonly #bytes: Buffer;
  #offset = 0;
  #line = 1;
  #column = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  at(offset: number): Position {
    const bytes = this.#bytes;
    let line = this.#line;
    let column = this.#column;
    for (let i = this.#offset; i < offset; i++) {
      const byte = bytes[i]!;
      if (byte === 10) {
        line += 1;
        column = 1;
      } else if ((byte & 0xc0) !== 0x80) column += 1; // in malformed text each stray byte continues what is before it
    }
    this.#offset = offset;
    this.#line = line;
    this.#column = column;
    return { line, column };
  }
}

/** The bytes of the line that `offset` is on, without its end. */
export function lineAround(bytes: Buffer, offset: number): { readonly start: number; readonly end: number } {
  const start = bytes.lastIndexOf(10, offset - 1) + 1;
  const end = bytes.indexOf(10, offset);
  return { start: offset === 0 ? 0 : start, end: end === -1 ? bytes.length : end };
}

/** Code points that begin in the range. */
export function countCodePoints(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if ((bytes[i]! & 0xc0) !== 0x80) count += 1;
  return count;
}
