// Refused log-ins: recorded one by one up to a rate, beyond it counted in one record for each address and second, so that
// somebody who tries tokens can't fill the disk.

import { messageOf } from '../../domain/errors.ts';
import type { Audit } from '../audit/audit.ts';

/** Records a second for one address. */
const maxSingleRecords = 10;
const periodMs = 1000;
/** Addresses counted apart; those beyond are counted together. */
const maxAddresses = 10_000;

export class Refusals {
  readonly #audit: Audit;
  readonly #warn: (message: string) => void;
  #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(audit: Audit, warn: (message: string) => void) {
    this.#audit = audit;
    this.#warn = warn;
  }

  /** Notes a refusal. True when it must not have a record of its own. */
  countOnly(address: string | null): boolean {
    const known = address ?? 'unknown';
    const name = this.#counts.has(known) || this.#counts.size < maxAddresses ? known : 'others';
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    this.#timer ??= setTimeout(() => this.#flush(), periodMs).unref();
    return count > maxSingleRecords;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    const counts = this.#counts;
    this.#counts = new Map();
    for (const [address, count] of counts) {
      if (count <= maxSingleRecords) continue;
      try {
        this.#audit.note('refused', { remote_addr: address, count: count - maxSingleRecords });
      } catch (error) {
        this.#warn(`can't record ${count - maxSingleRecords} refused log-ins: ${messageOf(error)}`);
      }
    }
  }
}
