// What carries requests to one server: an agent with its sockets.

import type { Agent, ClientRequest, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';
import { nodeHttp, nodeHttps } from '../domain/builtin.ts';
import type { BaseUrl } from './settings.ts';

export interface Outgoing {
  readonly method: string;
  /** Path and query, encoded, with the base address's prefix. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Sent as it comes, in the place of `body`. */
  readonly stream?: Readable;
}

export interface Connector {
  /** Makes the request without ending it: the caller listens first. */
  start(outgoing: Outgoing): ClientRequest;
  /** Closes every socket, idle or not. */
  close(): void;
}

// Idle sockets of a keep-alive agent don't keep the process alive. The bound is for callers that read thousands of keys at once.
export const agentOptions = { keepAlive: true, maxSockets: 64, scheduling: 'lifo' } as const;

export function connectorOf(base: BaseUrl, agent: Agent): Connector {
  const { request } = base.secure ? nodeHttps() : nodeHttp();
  return {
    start: (outgoing) => request(requestOptions(base, agent, outgoing)),
    close: () => agent.destroy(),
  };
}

function requestOptions(base: BaseUrl, agent: Agent, outgoing: Outgoing): RequestOptions {
  return {
    agent,
    host: base.hostname,
    port: base.port,
    method: outgoing.method,
    path: outgoing.target,
    headers: outgoing.headers,
  };
}
