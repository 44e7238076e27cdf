// GitHub's endpoint for identity tokens, with faults.

import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IdTokenEndpoint extends AsyncDisposable {
  /** For the job: where to ask, and with what. */
  readonly env: Readonly<Record<string, string>>;
  readonly audiences: (string | null)[];
  readonly requests: () => number;
}

export const requestToken = 'request-token-of-the-job';

export async function startIdTokenEndpoint(
  makeToken: (audience: string | null) => string,
  fault: (count: number) => ((response: ServerResponse) => void) | undefined = () => undefined,
): Promise<IdTokenEndpoint> {
  const audiences: (string | null)[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    const broken = fault(count);
    if (broken !== undefined) return broken(response);
    if (request.headers.authorization?.toLowerCase() !== `bearer ${requestToken}`)
      return void response.writeHead(401).end();
    const url = new URL(request.url ?? '', 'http://any');
    if (url.searchParams.get('api-version') !== '2.0') return void response.writeHead(400).end();
    const audience = url.searchParams.get('audience');
    audiences.push(audience);
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ count: 1, value: makeToken(audience) }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    audiences,
    requests: () => count,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** A token in form only: a vault that takes it for more is the fake's. */
export function unsignedToken(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('no-signature').toString('base64url')}`;
}
