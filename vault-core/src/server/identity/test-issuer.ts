// An issuer for tests: keys made at run time, tokens signed with them, good or bad, and a server on loopback that publishes them.

import { type KeyObject, constants, generateKeyPairSync, sign } from 'node:crypto';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestKey {
  readonly alg: 'EdDSA' | 'RS256';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** With `kid` (if the key has one), `alg` and `use`. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** RSA keys take a tenth of a second: make them once for a file. */
export function createTestKey(alg: TestKey['alg'], kid?: string, rsaBits = 2048): TestKey {
  const { privateKey, publicKey } =
    alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: rsaBits });
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg, use: 'sig', ...(kid === undefined ? {} : { kid }) };
  return { alg, privateKey, publicKey, jwk };
}

export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Signs any header and claims; texts are taken as they stand. The key's `alg` decides how, whatever the header says. */
export function signParts(key: TestKey, header: unknown, claims: unknown): string {
  const text = `${base64url(header)}.${base64url(claims)}`;
  const signature =
    key.alg === 'EdDSA'
      ? sign(null, Buffer.from(text), key.privateKey)
      : sign('sha256', Buffer.from(text), { key: key.privateKey, padding: constants.RSA_PKCS1_PADDING });
  return `${text}.${signature.toString('base64url')}`;
}

/** A well-made token. `header` adds to or replaces `alg`, `typ` and `kid`. */
export function signToken(key: TestKey, claims: unknown, header: Readonly<Record<string, unknown>> = {}): string {
  return signParts(key, { alg: key.alg, typ: 'JWT', kid: key.jwk['kid'], ...header }, claims);
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Paths that were asked for. */
  readonly requests: string[];
}

export async function startTestServer(listener: RequestListener): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
