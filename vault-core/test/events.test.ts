// The event stream: order, resuming, the end of a token, readers that don't read.

import { EventEmitter } from 'node:events';
import { type IncomingMessage, type ServerResponse, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sendStream } from '../src/server/http/send.ts';
import { type TestVault, type Workspace, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;
let count = 0;

beforeAll(async () => {
  vault = await startTestVault();
});
beforeEach(async () => {
  count += 1;
  place = await makeWorkspace(vault, `org${count}`);
});
afterAll(() => vault[Symbol.asyncDispose]());

interface Event {
  readonly id: number;
  readonly type: string;
  readonly data: { readonly key?: string; readonly version?: number };
}

interface Stream extends Disposable {
  readonly status: number;
  readonly mediaType: string;
  readonly events: Event[];
  /** Resolves when that many events are there. */
  have(count: number): Promise<Event[]>;
  /** Resolves with the milliseconds until the server ended the stream. */
  readonly ended: Promise<number>;
}

function open(from: TestVault, path: string, token: string, lastEventId?: string): Promise<Stream> {
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: from.port, path, headers, agent: false }, (response) => {
      const events: Event[] = [];
      const waiting: { least: number; wake: () => void }[] = [];
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s) as [string, string]));
          if (!fields.has('event')) continue;
          const data = JSON.parse(fields.get('data') ?? '') as Event['data'];
          events.push({ id: Number(fields.get('id')), type: fields.get('event') ?? '', data });
        }
        for (const { least, wake } of waiting) if (events.length >= least) wake();
      });
      response.on('error', () => undefined);
      const started = performance.now();
      const ended = new Promise<number>((end) => response.on('close', () => end(performance.now() - started)));
      const have = async (least: number): Promise<Event[]> => {
        if (events.length < least) await new Promise<void>((wake) => waiting.push({ least, wake }));
        return events;
      };
      const { statusCode: status = 0, headers: head } = response;
      const dispose = (): void => void response.destroy();
      resolve({ status, mediaType: head['content-type'] ?? '', events, have, ended, [Symbol.dispose]: dispose });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const stream = (lastEventId?: string, token = vault.rootToken): Promise<Stream> =>
  open(vault, `${place.env}/events`, token, lastEventId);
const put = (key: string, value = 'v'): Promise<unknown> => vault.root('PUT', `${place.env}/secrets/${key}`, { value });

test('every change comes, in order, with key and version and no value', async () => {
  using events = await stream();
  expect([events.status, events.mediaType]).toEqual([200, 'text/event-stream']);
  await put('A', 'canary-1');
  await put('A', 'canary-2');
  await vault.root('DELETE', `${place.env}/secrets/A`);
  await vault.root('POST', `${place.env}/secrets/A/restore`);
  await vault.root('POST', `${place.env}/secrets/A/rollback`, { version: 1 });
  const operations = [
    { op: 'put', key: 'B', value: 'canary' },
    { op: 'delete', key: 'A' },
  ];
  await vault.root('POST', `${place.env}/batch`, { operations });
  const got = await events.have(7);
  expect(got.map(({ id, type, data }) => [id, type, data.key, data.version])).toEqual([
    [1, 'secret.written', 'A', 1],
    [2, 'secret.written', 'A', 2],
    [3, 'secret.deleted', 'A', 2],
    [4, 'secret.written', 'A', 2],
    [5, 'secret.written', 'A', 3],
    [6, 'secret.written', 'B', 1],
    [7, 'secret.deleted', 'A', 3],
  ]);
  expect(JSON.stringify(got)).not.toContain('canary');
});

test('a key with line ends can’t forge an event', async () => {
  using events = await stream();
  const key = 'x\n\nevent: secret.deleted\ndata: {}\r\n\r\n';
  await put(encodeURIComponent(key));
  const [event] = await events.have(1);
  expect(event).toMatchObject({ type: 'secret.written', data: { key } });
  expect(events.events).toHaveLength(1);
});

test('Last-Event-ID resumes after it', async () => {
  for (const key of ['A', 'B', 'C']) await put(key);
  using events = await stream('1');
  expect((await events.have(2)).map(({ id, data }) => [id, data.key])).toEqual([
    [2, 'B'],
    [3, 'C'],
  ]);
  await put('D');
  expect((await events.have(3)).at(-1)).toMatchObject({ id: 4, data: { key: 'D' } });
});

test.each([
  ['of another vault', '999', 'reset', 2],
  ['not a number', 'abc', 'secret.written', 3],
  ['negative', '-1', 'secret.written', 3],
  ['the present one', '2', 'secret.written', 3],
])('an id %s', async (_name, lastEventId, type, id) => {
  await put('A');
  await put('B');
  using events = await stream(lastEventId);
  await put('C');
  expect((await events.have(1))[0]).toMatchObject({ type, id });
});

test('who was away for more than is kept is told to read anew', async () => {
  const operations = Array.from({ length: 1001 }, (_, index) => ({ op: 'put', key: `K${index}`, value: '' }));
  await vault.root('POST', `${place.env}/batch`, { operations });
  using exact = await stream('1');
  expect((await exact.have(1000))[0]).toMatchObject({ id: 2, type: 'secret.written' });
  using late = await stream('0');
  expect((await late.have(1))[0]).toEqual({ id: 1001, type: 'reset', data: {} });
});

test('a change larger than what is kept resets those who listen', async () => {
  using events = await stream();
  await put('A');
  await events.have(1);
  const operations = Array.from({ length: 1500 }, (_, index) => ({ op: 'put', key: `K${index}`, value: '' }));
  await vault.root('POST', `${place.env}/batch`, { operations });
  await put('LAST');
  await events.have(2);
  expect(events.events[1]).toMatchObject({ type: 'reset' });
  const last = events.events.at(-1);
  if (last?.type !== 'reset') expect(last).toMatchObject({ data: { key: 'LAST' } });
});

test.each([
  {
    name: 'revoked',
    end: async (id: string) => {
      await vault.root('POST', `${place.base}/tokens/${id}/revoke`);
    },
  },
  {
    name: 'expired',
    end: async () => {
      vault.clock.offsetMs += 3_600_000;
    },
  },
  {
    name: 'whose environment is deleted',
    end: async () => {
      await vault.root('DELETE', `${place.base}/environments/development`);
    },
  },
])('a stream ends within a second: token $name', async ({ end }) => {
  const made = await vault.root('POST', `${place.base}/tokens`, { name: 't', ttl: '1h' });
  using events = await stream(undefined, made.token);
  const started = performance.now();
  await end(made.service_token.id);
  await events.ended;
  expect(performance.now() - started).toBeLessThan(1000);
});

test('a role that is taken away ends the stream', async () => {
  const members = `/v1/cloud/orgs/${place.org}/members`;
  await vault.root('POST', members, { email: 'x@example.com', role: 'viewer', user_id: 'watcher' });
  using events = await stream(undefined, vault.jwt('watcher'));
  expect(events.status).toBe(200);
  const started = performance.now();
  await vault.root('DELETE', `${members}/watcher`);
  await events.ended;
  expect(performance.now() - started).toBeLessThan(1000);
});

test.each(['seal', 'stop'])('%s ends streams at once', async (how) => {
  const other = await startTestVault();
  const there = await makeWorkspace(other);
  using events = await open(other, `${there.env}/events`, other.rootToken);
  const started = performance.now();
  if (how === 'seal') await other.call('POST', '/v1/sys/seal', { vaultToken: other.rootToken });
  else await other.server.close();
  await events.ended;
  expect(performance.now() - started).toBeLessThan(1000);
  await other.server.close();
});

test('a reader that does not read holds the stream up, and is cut off when its token ends', async () => {
  const written: string[] = [];
  let destroyed = false;
  const response = Object.assign(new EventEmitter(), {
    writableNeedDrain: true,
    writeHead: () => undefined,
    flushHeaders: () => undefined,
    end: () => undefined,
    destroy: () => (destroyed = true),
    write: (text: string) => {
      written.push(text);
      return false;
    },
  });
  let allowed = true;
  let asked = 0;
  const streaming = sendStream({ method: 'GET' } as IncomingMessage, response as unknown as ServerResponse, {
    status: 200,
    body: null,
    mayGoOn: async () => {
      asked += 1;
      return allowed;
    },
    run: async (write, signal) => {
      for (let index = 0; !signal.aborted; index += 1) await write(`event ${index}`);
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(written).toEqual(['event 0']);
  response.emit('drain');
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(written).toEqual(['event 0', 'event 1']);
  allowed = false;
  await streaming;
  expect([written.length, destroyed, asked]).toEqual([2, true, 1]);
});

test('a read-only token may listen; a write-only one may not', async () => {
  using reader = await stream(undefined, await makeToken(vault, place.base, { permissions: ['read'] }));
  expect(reader.status).toBe(200);
  using writer = await stream(undefined, await makeToken(vault, place.base, { permissions: ['write'] }));
  expect(writer.status).toBe(403);
});
