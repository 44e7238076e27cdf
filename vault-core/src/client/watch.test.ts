import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { SecretEvent } from './change.ts';
import { type Answer, refusal, type Seen, startTestServer, testClient } from './test-server.ts';
import { fakeIds, legacyVault, modernVault } from './test-vaults.ts';

const own = { org: 'acme', project: 'app' };
const eventsPath = '/v1/cloud/orgs/acme/projects/app/envs/prod/events';

/** A server whose event streams the test writes to. */
async function startEventServer() {
  const vault = modernVault({ A: '1' });
  const streams: ServerResponse[] = [];
  const state: { refuse: Answer | undefined } = { refuse: undefined };
  const server = await startTestServer((seen: Seen) => {
    if (!seen.path.endsWith('/events')) return vault.handle(seen);
    if (state.refuse !== undefined) return state.refuse;
    return {
      raw: (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
        response.write(': hello\n\n');
        streams.push(response);
      },
    };
  });
  const opened = async (count: number): Promise<ServerResponse> => {
    await expect.poll(() => streams.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
    return streams[count - 1] as ServerResponse;
  };
  return { vault, server, streams, state, opened, [Symbol.asyncDispose]: () => server.close() };
}

const written = (key: string, version: number): SecretEvent => ({
  type: 'secret.written',
  environment: 'prod',
  key,
  version,
});
const text = (id: number, key: string, version: number, type = 'secret.written'): string =>
  `event: ${type}\nid: ${id}\ndata: ${JSON.stringify({ key, version })}\n\n`;

test('a callback gets each change, and reads after it ask the server', async () => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  await client.getAll();
  const events: SecretEvent[] = [];
  const watcher = client.watch((event) => void events.push(event));
  const stream = await setup.opened(1);
  await wait(20);
  await client.getAll();
  const asked = setup.server.lines.length;
  setup.vault.put('A', '2');
  stream.write(text(7, 'A', 2) + 'event: other\ndata: {}\n\n' + text(8, 'B', 1, 'secret.deleted'));
  await expect.poll(() => events.length).toBe(2);
  expect(events).toEqual([written('A', 2), { type: 'secret.deleted', environment: 'prod', key: 'B', version: 1 }]);
  expect((await client.getAll()).get('A')).toBe('2');
  expect(setup.server.lines).toHaveLength(asked + 1);
  expect(setup.server.seen.find(({ path }) => path === eventsPath)?.headers.accept).toBe('text/event-stream');
  watcher.close();
  await watcher.closed;
  await expect.poll(() => stream.destroyed).toBe(true);
});

test('a broken stream is opened again where it stood', async () => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  const events: SecretEvent[] = [];
  await using watcher = client.watch((event) => void events.push(event));
  const first = await setup.opened(1);
  first.write(`retry: 10\n${text(41, 'A', 2)}`);
  await expect.poll(() => events.length).toBe(1);
  first.destroy();
  const second = await setup.opened(2);
  expect(setup.server.seen.at(-1)?.headers['last-event-id']).toBe('41');
  second.write(text(42, 'A', 3));
  await expect.poll(() => events.length).toBe(2);
  expect(events).toEqual([written('A', 2), written('A', 3)]);
  expect(watcher.closed).toBeInstanceOf(Promise);
});

test('a stream that cannot be resumed says so', async () => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  const events: SecretEvent[] = [];
  await using _watcher = client.watch((event) => void events.push(event));
  (await setup.opened(1)).end('retry: 10\n');
  const second = await setup.opened(2);
  await expect.poll(() => events).toEqual([{ type: 'resync', environment: 'prod' }]);
  second.write('event: reset\nid: 9\ndata: {}\n\n');
  second.write('event: secret.written\ndata: canary\n\n');
  await expect.poll(() => events).toEqual([1, 2, 3].map(() => ({ type: 'resync', environment: 'prod' })));
});

test('a silent stream is opened anew', async () => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  await using _watcher = client.watch(() => {}, { idleTimeoutMs: 100 });
  (await setup.opened(1)).write('retry: 10\n\n');
  await setup.opened(2);
});

test('a server that is away for a while is waited for', async () => {
  await using setup = await startEventServer();
  setup.state.refuse = { status: 503 };
  await using client = testClient(setup.server, own);
  const events: SecretEvent[] = [];
  await using _watcher = client.watch((event) => void events.push(event));
  await expect.poll(() => setup.server.lines.length).toBeGreaterThanOrEqual(3);
  setup.state.refuse = undefined;
  (await setup.opened(1)).write(text(1, 'A', 2));
  await expect.poll(() => events).toEqual([written('A', 2)]);
});

test.each([
  { status: 401, error: 'unauthorized', code: 'UNAUTHORIZED' },
  { status: 403, error: 'forbidden', code: 'FORBIDDEN' },
  { status: 404, error: 'not_found', code: 'NOT_FOUND' },
])('after $status the watch ends with $code', async ({ status, error, code }) => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  const events: SecretEvent[] = [];
  const watcher = client.watch((event) => void events.push(event));
  const stream = await setup.opened(1);
  setup.state.refuse = refusal(status, error);
  stream.end('retry: 10\n');
  await expect(watcher.closed).rejects.toMatchObject({ code });
});

test('a refusal that never ends is given up in time', async () => {
  await using server = await startTestServer(() => ({
    raw: (response) => {
      response.writeHead(403, { 'Content-Type': 'application/json' });
      response.write('{');
    },
  }));
  await using client = testClient(server, { ...own, timeoutMs: 100 });
  await using _watcher = client.watch(() => {});
  await expect.poll(() => server.lines.length, { timeout: 5000 }).toBeGreaterThanOrEqual(2);
});

test('an answer that is no stream ends the watch', async () => {
  for (const answer of [{ json: {} }, { status: 204 }]) {
    await using server = await startTestServer(() => answer);
    await using client = testClient(server, own);
    await expect(client.watch(() => {}).closed).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  }
});

test('what a callback throws ends the watch, and nothing else', async () => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  const watcher = client.watch(() => {
    throw new RangeError('mine');
  });
  const stream = await setup.opened(1);
  stream.write(text(1, 'A', 1));
  await expect(watcher.closed).rejects.toThrow(RangeError);
  await expect.poll(() => stream.destroyed).toBe(true);
  expect((await client.getAll()).size).toBe(1);
});

test('an iterable gives changes one by one, and break closes the stream', async () => {
  await using setup = await startEventServer();
  await using client = testClient(setup.server, own);
  const seen: SecretEvent[] = [];
  void setup.opened(1).then((stream) => stream.write(text(1, 'A', 2) + text(2, 'A', 3) + text(3, 'A', 4)));
  for await (const event of client.watch({ environment: 'prod' })) {
    seen.push(event);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual([written('A', 2), written('A', 3)]);
  await expect.poll(() => setup.streams[0]?.destroyed).toBe(true);
});

test.each(['signal', 'close', 'return'] as const)('%s ends an iteration that waits, without an error', async (how) => {
  await using setup = await startEventServer();
  const controller = new AbortController();
  await using client = testClient(setup.server, own);
  const changes = client.watch({ signal: controller.signal });
  const next = changes.next();
  const stream = await setup.opened(1);
  if (how === 'signal') controller.abort();
  else if (how === 'close') client.close();
  else await changes.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  expect((await changes.next()).done).toBe(true);
  await expect.poll(() => stream.destroyed).toBe(true);
});

test('a server without event streams is polled', async () => {
  const vault = legacyVault({ A: '1', B: '1' });
  await using server = await startTestServer((seen) =>
    seen.path.endsWith('/events') ? { status: 404 } : vault.handle(seen),
  );
  await using client = testClient(server, fakeIds);
  const events: SecretEvent[] = [];
  await using _watcher = client.watch((event) => void events.push(event), { pollIntervalMs: 20 });
  await expect.poll(() => server.lines.length).toBeGreaterThan(3);
  vault.put('A', '2');
  vault.secrets.delete('B');
  vault.put('C', 'new');
  await expect.poll(() => events.length).toBe(3);
  expect(events).toEqual([
    written('A', 2),
    written('C', 1),
    { type: 'secret.deleted', environment: 'prod', key: 'B', version: 1 },
  ]);
  server.handler = () => refusal(403, 'forbidden');
  await expect(_watcher.closed).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
