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

export class AuditChain {
  readonly id = randomUUID();
  /** 32 bytes; overwritten by `zero`. */
  readonly key: Buffer = randomBytes(32);
  readonly #hmac = new Hmac(this.key);
  #seq = 0;
  #mac = '';

  /**
   * The event as a line, newline included. Lines must be written in the order in which they were made.
   * `timestamp`: RFC 3339.
   */
  line(event: AuditEvent, timestamp: string): string {
    this.#seq += 1;
    const body = auditLineBody(event, this.id, this.#seq, timestamp);
    this.#mac = this.#hmac.hex(this.#mac + body);
    return `${body.slice(0, -1)},"mac":"${this.#mac}"}\n`;
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
