// The keyed chain over the lines of one process: each MAC covers the line and all before it, so that a removed, changed or cut-off
// line is found (domain/audit/line.ts). The key is random for each chain; the vault keeps it, wrapped, with the chain's head.

import { randomBytes, randomUUID } from 'node:crypto';
import { type ChainState, chainStart } from '../../domain/audit/line.ts';
import type { LineText } from './line-text.ts';
import { type LineParts, LineWriter } from './line-writer.ts';

export interface ChainHead extends ChainState {
  readonly chain: string;
}

export class AuditChain {
  readonly id = randomUUID();
  /** 32 bytes; overwritten by `zero`. */
  readonly key: Buffer = randomBytes(32);
  readonly #writer = new LineWriter(this.key, this.id);
  #state: ChainState = chainStart;

  get head(): ChainHead {
    return { chain: this.id, ...this.#state };
  }

  /** The state after the last line. */
  get state(): ChainState {
    return this.#state;
  }

  /** The time of the lines that follow: RFC 3339, UTC, milliseconds. */
  setTimestamp(timestamp: string): void {
    this.#writer.setTimestamp(timestamp);
  }

  /** Writes the next line at `start`, where there is room for it (`mostLineBytes`), and returns its end. */
  write(id: string | undefined, text: LineText, slab: Buffer, start: number, sign?: LineParts['sign']): number {
    const { state, end } = this.#writer.write({ id, text, before: this.#state, sign }, slab, start);
    this.#state = state;
    return end;
  }

  /** Takes back lines that no device took: the next line follows on `state`. */
  rewind(state: ChainState): void {
    this.#state = state;
  }

  zero(): void {
    this.key.fill(0);
    this.#writer.zero();
  }
}
