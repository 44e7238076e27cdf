// A vault for a test: where it listens, with Node's short way to a loopback address and without it.

import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startVault } from '../src/testing/index.ts';

const internals = net as { _createServerHandle?: unknown };
const short = internals._createServerHandle;
afterEach(() => void (internals._createServerHandle = short));

describe.each([
  { node: 'as it is', way: short },
  { node: 'without the function', way: undefined },
  { node: 'whose function answers an error number', way: () => -98 },
])('Node $node', ({ way }) => {
  test('any free port, and one that is asked for', async () => {
    internals._createServerHandle = way;
    await using one = await startVault({ seed: { KEY: 'seeded' } });
    const port = Number(new URL(one.url).port);
    expect(one.url).toBe(`http://127.0.0.1:${port}`);
    expect(await one.client.get('KEY')).toBe('seeded');
    await one.stop();
    await using again = await startVault({ port, seed: { KEY: 'again' } });
    expect(again.url).toBe(one.url);
    expect(await again.client.get('KEY')).toBe('again');
  });

  test('a port that is taken is named, and nothing is left running', async () => {
    internals._createServerHandle = way;
    await using one = await startVault();
    const port = Number(new URL(one.url).port);
    await expect(startVault({ port })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `can't listen on 127.0.0.1:${port}: the address is in use`,
    });
    expect((await fetch(`${one.url}/health`)).status).toBe(200);
  });

  test('it listens on loopback only', async () => {
    internals._createServerHandle = way;
    await using vault = await startVault();
    const address = await new Promise<string>((resolve, reject) => {
      const socket = net.connect(Number(new URL(vault.url).port), '127.0.0.2');
      socket.once('connect', () => resolve('connected')).once('error', reject);
    }).catch((error: NodeJS.ErrnoException) => error.code);
    expect(address).toBe('ECONNREFUSED');
  });
});
