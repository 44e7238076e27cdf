// What a connection's requests have in common, found once: a client asks with one token, and often for the same thing again.

import type { Socket } from 'node:net';
import type { PresentedToken } from '../access.ts';
import type { Match } from './router.ts';

export interface Connection {
  readonly remoteAddress: string | null;
  /** Requests whose answer has not left. */
  unanswered: number;
  /** The token presented last; it need not be hashed each time. */
  token: PresentedToken | undefined;
  /** The route that the last request took; its path need not be looked up each time. */
  match: (Match & { readonly kind: 'route' }) | undefined;
}

const connections = new WeakMap<Socket, Connection>();

export function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket);
  if (!connection) {
    connection = { remoteAddress: socket.remoteAddress ?? null, unanswered: 0, token: undefined, match: undefined };
    connections.set(socket, connection);
  }
  return connection;
}
