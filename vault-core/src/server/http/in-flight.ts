// Requests that are being answered. Sealing waits for them: their answers are bytes that it is about to overwrite.

import type { ServerResponse } from 'node:http';
import { ZvaultError } from '../../domain/errors.ts';
import type { Connection } from './connection.ts';

/** How long `alone` and `drained` wait for others before they go ahead. */
const patienceMs = 5000;

export class InFlight {
  #count = 0;
  #alone = false;
  readonly #listeners = new Set<() => void>();

  /** Counts the request until its answer has left, or until the returned function is called. */
  enter(response: ServerResponse, connection: Connection): () => void {
    this.#count += 1;
    connection.unanswered += 1;
    let open = true;
    const leave = (): void => {
      if (!open) return;
      open = false;
      this.#count -= 1;
      for (const listener of this.#listeners) listener();
    };
    // `once` would make a wrapper and take it away again; the event comes once anyway.
    response.on('close', () => {
      connection.unanswered -= 1;
      leave();
    });
    return leave;
  }

  /** @throws SEALED while `alone` waits or works */
  refuseWhileAlone(): void {
    if (this.#alone) throw new ZvaultError('SEALED', 'the vault is being sealed');
  }

  /** Runs `work` when no other request is open. `own`: those of the caller. */
  async alone(work: () => Promise<void>, own = 1): Promise<void> {
    this.refuseWhileAlone();
    this.#alone = true;
    try {
      await this.#until(own);
      await work();
    } finally {
      this.#alone = false;
    }
  }

  /** Resolves when no request is open, or when patience ends. */
  drained(): Promise<void> {
    return this.#until(0);
  }

  #until(count: number): Promise<void> {
    if (this.#count <= count) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        resolve();
      };
      const check = (): void => {
        if (this.#count <= count) done();
      };
      const timer = setTimeout(done, patienceMs);
      this.#listeners.add(check);
    });
  }
}
