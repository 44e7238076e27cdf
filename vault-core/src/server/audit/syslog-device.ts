// Sends audit lines as syslog messages over a connection: TCP, or a stream socket of the machine. UDP and datagram sockets are left
// out: nobody would know whether a record was taken.

import { type Socket, connect } from 'node:net';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import type { AuditDevice } from './device.ts';
import { octetCounted, syslogMessages } from './syslog-format.ts';

export type SyslogTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Bytes that the receiver may owe; a device that owes more has failed. */
const maxUnsentBytes = 1_048_576;
const connectTimeoutMs = 5000;
const reconnectMs = 1000;

export class SyslogDevice implements AuditDevice {
  readonly name: string;
  readonly #target: SyslogTarget;
  #socket: Socket | undefined;
  #failure = 'it is not connected';
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(name: string, target: SyslogTarget) {
    this.name = name;
    this.#target = target;
  }

  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.close();
      throw new ZvaultError(
        'AUDIT_UNAVAILABLE',
        `can't connect to the audit device ${this.name}: ${messageOf(error)}`,
        {
          hint: 'start the receiver, or name another device with --audit',
          cause: error,
        },
      );
    }
  }

  append(lines: Buffer): void {
    const socket = this.#socket;
    if (!socket) throw new Error(this.#failure);
    if (socket.writableLength > maxUnsentBytes) throw new Error('the receiver does not read');
    socket.write(Buffer.concat(syslogMessages(lines).map(octetCounted)));
  }

  takeRotated(): boolean {
    return false;
  }

  async sync(): Promise<void> {}

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    // What was written leaves before the connection does.
    this.#socket?.destroySoon();
    this.#socket = undefined;
  }

  #connect(): Promise<void> {
    const target = this.#target;
    const socket = connect(target.kind === 'tcp' ? { host: target.host, port: target.port } : { path: target.path });
    socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error('no answer')));
    return new Promise((resolve, reject) => {
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, connectTimeoutMs);
        // A server that stops need not wait for the receiver.
        socket.unref();
        this.#socket = socket;
        resolve();
      });
      socket.on('error', (error) => {
        this.#failure = messageOf(error);
        reject(error);
      });
      // A receiver sends nothing; its end of the connection is the end.
      socket.on('end', () => socket.destroy());
      socket.resume();
      socket.once('close', () => {
        if (this.#socket === socket) {
          this.#socket = undefined;
          if (this.#failure === 'it is not connected') this.#failure = 'the receiver closed the connection';
        }
        reject(new Error('the connection was closed'));
        this.#reconnectLater();
      });
    });
  }

  #reconnectLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect().catch(() => undefined), reconnectMs).unref();
  }
}
