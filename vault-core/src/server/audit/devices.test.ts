import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { logProblems } from '../../../../test/support/audit-file.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { Audit } from './audit.ts';
import type { AuditDevice } from './device.ts';
import { FileDevice } from './file-device.ts';
import { createDevice, parseDevice } from './open-device.ts';
import { StdoutDevice } from './stdout-device.ts';
import { octetCounted, syslogMessages } from './syslog-format.ts';

const folder = mkdtempSync(join(tmpdir(), 'zvault-devices-'));
afterAll(() => rmSync(folder, { recursive: true }));
let names = 0;
const fresh = (): string => join(folder, `audit-${(names += 1)}.log`);

async function start(...devices: AuditDevice[]): Promise<{ audit: Audit; warnings: string[] }> {
  const warnings: string[] = [];
  const audit = new Audit({
    store: await openSqliteStore(':memory:'),
    devices,
    maxLines: 1000,
    now: () => Date.now(),
    wrapKey: async (key) => Buffer.from(key),
    unwrapKey: async (wrapped) => Buffer.from(wrapped),
    warn: (message) => warnings.push(message),
  });
  await audit.start();
  return { audit, warnings };
}

const device = (name: string, fsync = false): AuditDevice => createDevice(parseDevice(name), { fsync });
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const unavailable = expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' });

/** A receiver of syslog over a stream: the messages that it got. */
async function receiver(at: string | number = 0): Promise<Server & { readonly messages: string[]; sockets: Socket[] }> {
  const messages: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const space = rest.indexOf(0x20);
        const end = space + 1 + Number(rest.toString('latin1', 0, space));
        if (space === -1 || rest.length < end) return;
        messages.push(rest.toString('utf8', space + 1, end));
        rest = rest.subarray(end);
      }
    });
  });
  server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' });
  await once(server, 'listening');
  return Object.assign(server, { messages, sockets });
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await sleep(10);
  }
}

test.each([
  '',
  'file:',
  'x',
  'syslog',
  'syslog:',
  'syslog:udp://h:1',
  'syslog:tcp://',
  'syslog:tcp://h/x',
  'syslog:/dev/log',
  'Stdout',
])('%j is no device', (name) => {
  expect(() => parseDevice(name)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('devices by their names', () => {
  expect(parseDevice('file:a:b')).toEqual({ kind: 'file', name: 'file:a:b', path: 'a:b' });
  expect(parseDevice('syslog:tcp://[::1]')).toMatchObject({ kind: 'tcp', host: '::1', port: 601 });
  expect(parseDevice('syslog:tcp://logs.example:6514')).toMatchObject({ host: 'logs.example', port: 6514 });
  expect(parseDevice('syslog:unix:/run/x')).toMatchObject({ kind: 'unix', path: '/run/x' });
});

test('a syslog message has the header of RFC 5424, and the line behind it', () => {
  const line = '{"id":"i","timestamp":"2026-01-02T03:04:05.678Z","request":{}}\n';
  const [message] = syslogMessages(Buffer.from(line), 'höst name', 42);
  expect(message?.toString()).toBe(`<38>1 2026-01-02T03:04:05.678Z hstname zvault 42 audit - ${line}`);
  expect(octetCounted(Buffer.from('ü\n')).toString()).toBe('2 ü');
});

test('a syslog file is verified like any other', async () => {
  const path = fresh();
  const { audit } = await start(device(`syslog:file:${path}`));
  audit.note('x');
  await audit.flush();
  expect(linesOf(path)).toHaveLength(2);
  for (const line of linesOf(path)) expect(line).toMatch(/^<38>1 \S+ \S+ zvault \d+ audit - \{"id":/);
  expect(await logProblems(audit, path)).toEqual([]);
  await audit.close();
});

test.each(['tcp', 'unix'])('lines reach a receiver over %s, and the file beside it has the same', async (kind) => {
  const server = await receiver(kind === 'unix' ? join(folder, 'socket') : 0);
  const name =
    kind === 'unix'
      ? `syslog:unix:${folder}/socket`
      : `syslog:tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const path = fresh();
  const { audit } = await start(device(name), device(`file:${path}`));
  for (let index = 0; index < 200; index += 1) audit.note('x', { index, text: 'ü'.repeat(index) });
  await audit.close();
  await until(() => server.messages.length === 202);
  expect(server.messages.map((message) => message.slice(message.indexOf('{')))).toEqual(linesOf(path));
  server.close();
});

test('a receiver that is not there stops the start', async () => {
  const server = await receiver();
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await expect(start(device(`syslog:tcp://127.0.0.1:${port}`))).rejects.toEqual(unavailable);
  await expect(start(device(`syslog:unix:${folder}/none`))).rejects.toEqual(unavailable);
});

test('a receiver that goes: nothing is recorded, it is said once, and the connection is made again', async () => {
  const server = await receiver();
  const { port } = server.address() as AddressInfo;
  const { audit, warnings } = await start(device(`syslog:tcp://127.0.0.1:${port}`));
  await until(() => server.messages.length === 1);
  server.close();
  for (const socket of server.sockets) socket.destroy();
  await until(() => {
    try {
      audit.note('lost');
      return false;
    } catch {
      return true;
    }
  });
  for (let index = 0; index < 5; index += 1) expect(() => audit.note('lost')).toThrow(unavailable);
  expect(warnings).toEqual([expect.stringContaining("can't write to the audit device syslog:tcp://")]);
  const again = await receiver(port);
  await until(() => {
    try {
      audit.note('back');
      return true;
    } catch {
      return false;
    }
  });
  await until(() => again.messages.some((message) => message.includes('server.back')));
  expect(warnings).toHaveLength(2);
  expect(warnings[1]).toContain('works again');
  await audit.close();
  again.close();
});

test('a receiver that does not read holds up nothing beyond a bound', async () => {
  const server = createServer((socket) => socket.pause());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { audit } = await start(device(`syslog:tcp://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const text = 'x'.repeat(100_000);
  expect(() => {
    for (let index = 0; index < 1000; index += 1) audit.note('x', { text });
  }).toThrow(unavailable);
  await audit.close().catch(() => undefined);
  server.close();
});

test('several devices: one that fails is said once, what it lacks is told when it is back', async () => {
  const [good, bad] = [fresh(), fresh()];
  const { audit, warnings } = await start(device(`file:${good}`), device(`file:${bad}`));
  audit.note('a');
  renameSync(bad, `${bad}.aside`);
  symlinkSync('/dev/full', bad);
  for (let index = 0; index < 5; index += 1) audit.note('b');
  expect(warnings).toEqual([expect.stringMatching(`can't write to the audit device file:${bad}: .*ENOSPC`)]);
  unlinkSync(bad);
  renameSync(`${bad}.aside`, bad);
  audit.note('c');
  await audit.flush();
  expect(warnings).toHaveLength(2);
  expect(linesOf(bad).some((line) => line.includes('"action":"server.recover"'))).toBe(true);
  expect(linesOf(bad).some((line) => line.includes('"action":"server.b"'))).toBe(false);
  expect(await logProblems(audit, good)).toEqual([]);
  // The gap is explained by a line that only the server could write; another gap is not.
  expect(await logProblems(audit, bad)).toEqual([]);
  const lines = linesOf(bad);
  const forged = fresh();
  appendFileSync(forged, `${lines.toSpliced(1, 1).join('\n')}\n`);
  expect(await logProblems(audit, forged)).not.toEqual([]);
  await audit.close();
});

test('with fsync, what the disk refuses is not taken', async () => {
  const path = fresh();
  const { audit } = await start(new FileDevice(path, { fsync: true }));
  audit.note('a');
  expect(linesOf(path)).toHaveLength(2);
  // A pipe has no disk to wait for.
  await audit.close();
  const { audit: other } = await start(new FileDevice('/dev/null', { fsync: true }));
  other.note('a');
  await other.close();
});

test('standard output: what was begun is finished before anything else', () => {
  const again = (): never => {
    throw Object.assign(new Error('again'), { code: 'EAGAIN' });
  };
  let room = 0;
  let out = '';
  const stdout = new StdoutDevice((bytes, offset) => {
    if (room === 0) again();
    const count = Math.min(room, bytes.length - offset);
    out += bytes.toString('latin1', offset, offset + count);
    room -= count;
    return count;
  });
  expect(() => stdout.append(Buffer.from('none\n'))).toThrow('does not read');
  room = 3;
  stdout.append(Buffer.from('first\n'));
  expect(out).toBe('fir');
  expect(() => stdout.append(Buffer.from('lost\n'))).toThrow('does not read');
  room = 100;
  stdout.append(Buffer.from('second\n'));
  expect(out).toBe('first\nsecond\n');
});
