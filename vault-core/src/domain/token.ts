// Token texts: prefix, 32 random hex digits, CRC-32 of those digits. The checksum lets server and scanners know a mistyped
// or made-up token without a look-up. Clients treat tokens as opaque.

import { nodeCrypto } from './builtin.ts';

/** `service` reaches one project through the cloud API, `vault` the vault API, `root` everything. */
export type TokenKind = 'service' | 'vault' | 'root';

const prefixOf = { service: 'zvt_', vault: 'zvv_', root: 'zvr_' } as const satisfies Record<TokenKind, string>;
const kindOf = new Map<string, TokenKind>(
  (Object.entries(prefixOf) as [TokenKind, string][]).map(([kind, prefix]) => [prefix, kind]),
);
const shape = /^(zv[tvr]_)([0-9a-f]{32})([0-9a-f]{8})$/;

/** Eight lower-case hex digits of the CRC-32 (IEEE) of `digits` as ASCII. */
export function tokenChecksum(digits: string): string {
  return crc32(digits).toString(16).padStart(8, '0');
}

/** CRC-32 (IEEE 802.3, reflected 0xedb88320) of ASCII text. For 32 characters; node:zlib's would cost a millisecond to load. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A new token with 128 random bits. */
export function createToken(kind: TokenKind, random: (count: number) => Buffer = nodeCrypto().randomBytes): string {
  const digits = random(16).toString('hex');
  return prefixOf[kind] + digits + tokenChecksum(digits);
}

/** The kind of a well-formed token of ours; `undefined` for anything else, a wrong checksum included. */
export function tokenKind(token: string): TokenKind | undefined {
  const match = shape.exec(token);
  if (!match) return undefined;
  const [, prefix = '', digits = '', checksum] = match;
  return tokenChecksum(digits) === checksum ? kindOf.get(prefix) : undefined;
}

/** True if the text claims to be one of our tokens, well-formed or not. */
export function hasTokenPrefix(token: string): boolean {
  return kindOf.has(token.slice(0, 4));
}

/** What the server keeps of a token: lower-case hex SHA-256 of the whole text (contract: `zvt_` tokens are hashed so). */
export function hashToken(token: string): string {
  return nodeCrypto().hash('sha256', token);
}

/** What people see of a token in lists: its first 12 characters and three dots. */
export function tokenDisplayPrefix(token: string): string {
  return `${token.slice(0, 12)}...`;
}
