// Typed arrays in one block of bytes, from which they are read without copying: for a cache on the machine that wrote it.

/** Tells the byte order of the machine. */
const orderMark = 0x01020304;
const wordBytes = 4;

type Packable = Uint8Array | Uint32Array | Int32Array;

/** The arrays one after the other: mark, number of arrays, length of each in bytes (u32 each); each array padded to whole words. */
export function packArrays(arrays: readonly Packable[]): Uint8Array {
  return joinPieces(packPieces(arrays));
}

/** What `packArrays` gives, in pieces that are views of the arrays: large ones are not copied. An array may itself be in pieces. */
export function packPieces(arrays: readonly (Packable | readonly Uint8Array[])[]): Uint8Array[] {
  const parts = arrays.map((array) => (Array.isArray(array) ? (array as Uint8Array[]) : [bytesOf(array as Packable)]));
  const lengths = parts.map(lengthOf);
  const pieces = [bytesOf(Uint32Array.of(orderMark, arrays.length, ...lengths))];
  for (const [i, part] of parts.entries()) {
    const length = lengths[i] ?? 0;
    pieces.push(...part, new Uint8Array(padded(length) - length));
  }
  return pieces.filter(({ length }) => length > 0);
}

/** The pieces as one; a single one as it stands. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const joined = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Views of the packed arrays, as bytes. @throws RangeError for what `packArrays` did not make here */
export function unpackArrays(packed: Uint8Array): Uint8Array[] {
  const words = asUint32(packed.subarray(0, packed.byteLength & ~(wordBytes - 1)));
  if (words[0] !== orderMark) throw new RangeError('these are no packed arrays of this machine');
  const count = words[1] ?? 0;
  let at = (2 + count) * wordBytes;
  return Array.from({ length: count }, (_, i) => {
    const length = words[2 + i] ?? 0;
    if (at + length > packed.byteLength) throw new RangeError('the packed arrays are cut off');
    const array = packed.subarray(at, at + length);
    at += padded(length);
    return array;
  });
}

/** The bytes as words, without copying where they are aligned. */
export function asUint32(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % wordBytes === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / wordBytes);
}

/** As `asUint32`, signed. */
export function asInt32(bytes: Uint8Array): Int32Array {
  const words = asUint32(bytes);
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}

function bytesOf(array: Packable): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function padded(length: number): number {
  return Math.ceil(length / wordBytes) * wordBytes;
}
