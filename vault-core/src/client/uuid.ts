// Ids for new objects, from the host's randomness.

import type { Host } from '../domain/host.ts';

/** A random UUID. Source: RFC 9562 section 5.4 (version 4). */
export function newUuid(host: Pick<Host, 'randomBytes'>): string {
  const bytes = host.randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
