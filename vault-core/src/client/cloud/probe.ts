// What the first answer of a server tells beside its content: version, clock, certificate. For those who look for a fault.

import type { TLSSocket } from 'node:tls';
import { path } from '../path.ts';
import type { Requester } from '../requester.ts';
import type { CallOptions } from './calls.ts';

export interface ServerFacts {
  /** `undefined` when it does not say. */
  readonly version: string | undefined;
  /** Its clock, in milliseconds since the epoch, to the second. */
  readonly dateMs: number | undefined;
  /** `undefined` without TLS. */
  readonly tls: { readonly protocol: string; readonly validToMs: number } | undefined;
}

/** The page of metrics has some kilobytes. */
const maxBytes = 1_048_576;

/** One request without a token, over the connection that all others take. @throws CONNECTION_FAILED, TIMEOUT, BAD_ANSWER … */
export async function probeServer(requester: Requester, { signal }: CallOptions = {}): Promise<ServerFacts> {
  const message = await requester.open({ method: 'GET', path: path`/v1/sys/metrics`, auth: 'none', signal });
  const date = Date.parse(message.headers.date ?? '');
  const tls = certificateOf(message.socket);
  let text = '';
  for await (const chunk of message as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1');
    if (text.length > maxBytes) break;
  }
  const version = /^zvault_info\{[^}]*version="([\w.+-]{1,60})"/m.exec(text)?.[1];
  return { version, dateMs: Number.isNaN(date) ? undefined : date, tls };
}

function certificateOf(socket: object): ServerFacts['tls'] {
  if (!('getPeerCertificate' in socket)) return undefined;
  const secure = socket as TLSSocket;
  const validToMs = Date.parse(secure.getPeerCertificate().valid_to);
  return Number.isNaN(validToMs) ? undefined : { protocol: secure.getProtocol() ?? 'TLS', validToMs };
}
