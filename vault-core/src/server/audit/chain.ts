// The keyed chain over the lines of one process: each MAC covers the line and the MAC before it, so that a removed, changed
// or cut-off line is found. The key is random for each chain; the vault keeps it, wrapped, with the chain's head.

import { randomBytes, randomUUID } from 'node:crypto';
import { Hmac } from '../crypto/hmac.ts';
import { type AuditEvent, auditLineBody } from './record.ts';

export interface ChainHead {
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
}

/** Room that the line of a body needs. */
export function mostLineBytes(body: string): number {
  return body.length * 3 + 80;
}

export class AuditChain {
  readonly id = randomUUID();
  /** 32 bytes; overwritten by `zero`. */
  readonly key: Buffer = randomBytes(32);
  readonly #hmac = new Hmac(this.key);
  /** Ids of records are the chain's with their number: unique, of the form of a random UUID, and nothing to draw for each. */
  readonly #idPrefix = this.id.slice(0, 24);
  #seq = 0;
  #mac = '';

  /** The next line without its MAC. Lines must be written in the order in which they were made. `timestamp`: RFC 3339. */
  body(event: AuditEvent, timestamp: string): string {
    this.#seq += 1;
    const id = event.id ?? this.#idPrefix + this.#seq.toString(16).padStart(12, '0');
    return auditLineBody(event, { id, chain: this.id, seq: this.#seq, timestamp });
  }

  /**
   * Writes the body with its MAC as a line at `start`, where there is room for it (`mostLineBytes`), and returns its end.
   * In place: ten thousand lines a second would otherwise be copied as strings three times.
   */
  write(body: string, slab: Buffer, start: number): number {
    const end = start + slab.write(body, start);
    this.#mac = this.#hmac.hexOfTwo(this.#mac, slab, start, end);
    // The MAC takes the place of the closing brace.
    return end - 1 + slab.write(`,"mac":"${this.#mac}"}\n`, end - 1, 'latin1');
  }

  get head(): ChainHead {
    return { chain: this.id, seq: this.#seq, mac: this.#mac };
  }

  /** Takes back lines that no device took: the next line follows `head`. */
  rewind(head: ChainHead): void {
    this.#seq = head.seq;
    this.#mac = head.mac;
  }

  zero(): void {
    this.key.fill(0);
    this.#hmac.zero();
  }
}
