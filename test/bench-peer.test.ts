// The bench stands beside servers that are not ours: what goes wrong there is one line that names it, never a stack trace or a token.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { load } from '../bench/rig.ts';

const bench = fileURLToPath(new URL('../bench/main.ts', import.meta.url));
const token = 'canary-peer-token';

/** A peer until the end of the block. */
async function serve(answer: RequestListener): Promise<AsyncDisposable & { readonly url: URL }> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function besidePeer(url: string): Promise<{ code: number; lines: string[]; output: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=zvault-source', bench, 'kv', '--peer-url', url, '--peer-token', token],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = once(child, 'exit') as Promise<[number]>;
  const [output, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { code, output, lines: problems.trim().split('\n').slice(1) };
}

test('a peer that does not answer, or refuses, ends the bench with one line', async () => {
  await using refusing = await serve((_, response) => {
    response.writeHead(403, { 'Content-Type': 'application/json' }).end('{\n "errors": ["permission denied"]\n}');
  });
  await using closing = await serve((request) => request.socket.destroy());
  const absent = await serve(() => undefined);
  await absent[Symbol.asyncDispose]();
  const path = 'v1/secret/data/bench/secret';
  for (const [url, why] of [
    [refusing.url, '403 { "errors": ["permission denied"] }'],
    [closing.url, 'no answer (ECONNRESET)'],
    [absent.url, 'no answer (ECONNREFUSED)'],
  ] as const) {
    expect(await besidePeer(url.origin)).toEqual({
      code: 6,
      output: '',
      lines: [`zvault: error: POST ${url.href}${path}: ${why} (UNAVAILABLE)`],
    });
  }
});

test.each(['load.mjs', 'load-http.mjs'])('%s says what a server under load answered, and no token', async (client) => {
  const options = { path: '/a', headers: { 'X-Vault-Token': token }, seconds: 1, connections: 2 };
  await using refusing = await serve((_, response) => void response.writeHead(429).end());
  await expect(load(client, { ...options, url: refusing.url })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `${refusing.url.origin} under load: /a: answered 429 Too Many Requests`,
  });
  await using closing = await serve((request) => request.socket.destroy());
  const error = await load(client, { ...options, url: closing.url }).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'UNAVAILABLE' });
  expect(String((error as Error).stack)).not.toContain(token);
});
