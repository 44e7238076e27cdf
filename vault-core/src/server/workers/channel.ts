// Questions and answers between two processes, over the channel that Node opens to a worker: nothing of it is in arguments,
// environment or files.

import { type ErrorCode, ZvaultError, errorTable, isZvaultError, messageOf } from '../../domain/errors.ts';

/** The end of a channel that the process has: a worker in the parent, the process in a worker. */
export interface Port {
  send(message: unknown, sent: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** By name, a function with one argument. */
export type Questions = Readonly<Record<string, (argument: never) => unknown>>;

type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Answer<F> = F extends (argument: never) => infer R ? Awaited<R> : never;

interface Asked {
  readonly ask: string;
  readonly id: number;
  readonly argument: unknown;
}

interface Answered {
  readonly re: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | undefined };
}

/** `Theirs`: what the other end answers. */
export class Channel<Theirs extends Questions> {
  readonly #port: Port;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  #last = 0;
  #open = true;

  /** `own`: answers to the questions of the other end. */
  constructor(port: Port, own: Questions) {
    this.#port = port;
    port.on('message', (message) => this.#receive(message as Asked | Answered, own));
    port.on('disconnect', () => {
      this.#open = false;
      for (const { reject } of this.#waiting.values()) reject(gone());
      this.#waiting.clear();
    });
  }

  /** Rejects with the error of the other end, or UNAVAILABLE when it ends. */
  ask<N extends keyof Theirs & string>(name: N, argument: Argument<Theirs[N]>): Promise<Answer<Theirs[N]>> {
    return new Promise((resolve, reject) => {
      if (!this.#open) {
        reject(gone());
        return;
      }
      this.#last += 1;
      const id = this.#last;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#send({ ask: name, id, argument }, () => {
        this.#waiting.delete(id);
        reject(gone());
      });
    });
  }

  #receive(message: Asked | Answered, own: Questions): void {
    if ('ask' in message) {
      const answer = own[message.ask] as ((argument: unknown) => unknown) | undefined;
      // In a promise, so that what is thrown at once is answered too.
      Promise.resolve()
        .then(() => answer?.(message.argument))
        .then(
          (value) => this.#send({ re: message.id, value }),
          (error: unknown) => this.#send({ re: message.id, error: packed(error) }),
        );
      return;
    }
    if (!('re' in message)) return;
    const waiting = this.#waiting.get(message.re);
    this.#waiting.delete(message.re);
    if (message.error) waiting?.reject(unpacked(message.error));
    else waiting?.resolve(message.value);
  }

  #send(message: Asked | Answered, failed: () => void = () => undefined): void {
    if (!this.#open) return;
    try {
      this.#port.send(message, (error) => {
        if (error) failed();
      });
    } catch {
      failed();
    }
  }
}

function gone(): ZvaultError {
  return new ZvaultError('UNAVAILABLE', 'the other process of the server has ended');
}

function packed(error: unknown): Answered['error'] & object {
  if (isZvaultError(error)) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'INTERNAL', message: messageOf(error), hint: undefined };
}

function unpacked({ code, message, hint }: Answered['error'] & object): ZvaultError {
  return new ZvaultError(code in errorTable ? (code as ErrorCode) : 'INTERNAL', message, { hint });
}
