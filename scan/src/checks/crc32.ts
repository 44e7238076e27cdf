// CRC-32 (IEEE) in plain JavaScript: node:zlib has it only from 20.15 on, and loading it costs the hook a millisecond.

let table: Int32Array | undefined;

/** The checksum of an ASCII text as an unsigned number. */
export function crc32(text: string): number {
  table ??= makeTable();
  let crc = -1;
  for (let i = 0; i < text.length; i++) crc = (table[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Six base-62 digits of the CRC-32, zero-padded: the tail of GitHub's and npm's tokens.
 * Source: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
 */
export function crc32Base62(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < 6; i++) {
    digits = (base62[rest % 62] ?? '0') + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** Seven base-36 digits, zero-padded: the tail of GitLab's routable tokens. */
export function crc32Base36(text: string): string {
  return crc32(text).toString(36).padStart(7, '0');
}

/** Eight lower-case hex digits. */
export function crc32Hex(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** The same, least significant byte first. */
export function crc32HexLittleEndian(text: string): string {
  return (crc32Hex(text).match(/../g) ?? []).reverse().join('');
}
