import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemActor } from '../../domain/actor.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { Audit } from './audit.ts';
import { FileDevice } from './file-device.ts';
import type { AuditEvent, AuditLine } from './record.ts';

const folder = mkdtempSync(join(tmpdir(), 'zvault-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));
let names = 0;
const fresh = (): string => join(folder, `audit-${(names += 1)}.log`);

const event = (resource: string, projectId: string | null = null): AuditEvent => ({
  operation: 'read',
  action: 'test',
  path: '/',
  data: null,
  remoteAddress: null,
  userAgent: null,
  status: 200,
  error: null,
  actor: systemActor,
  orgId: null,
  projectId,
  environment: null,
  resource,
});

interface Options {
  readonly maxLines?: number;
  readonly wrapKey?: () => Promise<Buffer | undefined>;
  readonly now?: () => number;
}

/** Every audit made here is left as a crash leaves it, unless it is closed. */
async function start(
  store: Store,
  paths: readonly string[],
  options: Options = {},
): Promise<{ audit: Audit; warnings: string[] }> {
  const warnings: string[] = [];
  const audit = new Audit({
    store,
    devices: paths.map((path) => new FileDevice(path)),
    maxLines: options.maxLines ?? 1000,
    now: options.now ?? (() => Date.now()),
    wrapKey: options.wrapKey ?? (async () => undefined),
    warn: (message) => warnings.push(message),
  });
  await audit.start();
  return { audit, warnings };
}

const lines = (path: string): AuditLine[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditLine);
const appended = (audit: Audit, resource: string): Promise<void> =>
  new Promise((resolve, reject) => {
    audit.append(event(resource), (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
async function inTable(audit: Audit, projectId?: string): Promise<string[]> {
  const { entries } = await audit.query({ limit: 1000, ...(projectId === undefined ? {} : { projectId }) });
  return entries.filter(({ line }) => line.action === 'test').map(({ line }) => line.scope.resource);
}

test('a crash leaves lines in the file; the next start brings them into the table, each once', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const first = await start(store, [path]);
  first.audit.appendNow([event('a')]);
  await first.audit.flush();
  first.audit.appendNow([event('b'), event('c')]);
  const second = await start(store, [path]);
  expect(await inTable(second.audit)).toEqual(['c', 'b', 'a']);
  second.audit.appendNow([event('d')]);
  const third = await start(store, [path]);
  expect(await inTable(third.audit)).toEqual(['d', 'c', 'b', 'a']);
  await third.audit.close();
  const fourth = await start(store, [path]);
  expect(await inTable(fourth.audit)).toEqual(['d', 'c', 'b', 'a']);
  await fourth.audit.close();
});

test('what was recovered once is not recovered again, from a copy of the file either', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const first = await start(store, [path]);
  await first.audit.flush();
  first.audit.appendNow([event('left')]);
  const second = await start(store, [path]);
  await second.audit.close();
  const text = readFileSync(path);
  unlinkSync(path);
  writeFileSync(path, text);
  const third = await start(store, [path]);
  expect(await inTable(third.audit)).toEqual(['left']);
});

test('a process that starts beside a living one doubles nothing', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const one = await start(store, [path]);
  await one.audit.flush();
  one.audit.appendNow([event('a', 'p'), event('b', 'p'), event('c', 'q')]);
  const two = await start(store, [path]);
  one.audit.appendNow([event('d', 'p')]);
  two.audit.appendNow([event('e', 'p')]);
  expect((await inTable(one.audit)).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  one.audit.appendNow([event('f', 'q')]);
  await one.audit.flush();
  expect((await inTable(two.audit)).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(await inTable(two.audit, 'q')).toEqual(['f', 'c']);
});

test('lines that come while a flush is under way are not taken for flushed', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  let during: (() => void) | undefined;
  const first = await start(store, [path], {
    wrapKey: async () => {
      during?.();
      return undefined;
    },
  });
  first.audit.appendNow([event('before')]);
  during = () => {
    during = undefined;
    first.audit.appendNow([event('during')]);
  };
  await first.audit.flush();
  const second = await start(store, [path]);
  expect(await inTable(second.audit)).toEqual(['during', 'before']);
});

test('a file that was rotated and then crashed is read from its beginning', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const first = await start(store, [path]);
  for (let index = 0; index < 50; index += 1) first.audit.appendNow([event(`old-${index}`)]);
  await first.audit.flush();
  renameSync(path, `${path}.1`);
  first.audit.appendNow([event('new-1')]);
  await first.audit.flush();
  first.audit.appendNow([event('new-2')]);
  const second = await start(store, [path]);
  expect((await inTable(second.audit)).slice(0, 3)).toEqual(['new-2', 'new-1', 'old-49']);
  expect(await inTable(second.audit)).toHaveLength(52);
  expect(lines(path).filter(({ action }) => action === 'server.rotate')).toHaveLength(1);
});

test('a copy of the file under its name is not indexed again', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const first = await start(store, [path]);
  first.audit.appendNow([event('a')]);
  await first.audit.close();
  const text = readFileSync(path);
  unlinkSync(path);
  writeFileSync(path, text);
  const second = await start(store, [path]);
  expect(await inTable(second.audit)).toEqual(['a']);
});

test('a half line that a crash left is taken off, and takes no other with it', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const first = await start(store, [path]);
  first.audit.appendNow([event('a')]);
  await first.audit.flush();
  appendFileSync(path, `{"id":"${'x'.repeat(70_000)}`);
  const second = await start(store, [path]);
  second.audit.appendNow([event('b')]);
  const texts = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const resources = texts.map((text) => (JSON.parse(text) as AuditLine).scope.resource);
  expect(resources.filter((resource) => resource !== '')).toEqual(['a', 'b']);
  expect(await inTable(second.audit)).toEqual(['b', 'a']);
});

test('text of somebody else is never cut off', async () => {
  const path = fresh();
  writeFileSync(path, 'a file without an end of line');
  const { audit } = await start(await openSqliteStore(':memory:'), [path]);
  audit.appendNow([event('a')]);
  const [first, ...others] = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  expect(first).toBe('a file without an end of line');
  expect(others.map((text) => (JSON.parse(text) as AuditLine).scope.resource)).toContain('a');
});

test('the table is bounded: the oldest go, whole flushes at a time, and the counts agree', async () => {
  const store = await openSqliteStore(':memory:');
  const { audit } = await start(store, [], { maxLines: 100 });
  for (let index = 0; index < 60; index += 1) {
    audit.appendNow([event(`p${index}`, 'p'), event(`q${index}`, 'q'), event(`r${index}`), event(`p${index}b`, 'p')]);
    await audit.flush();
  }
  const { total } = await audit.query({ limit: 1 });
  expect(total).toBeGreaterThan(90);
  expect(total).toBeLessThanOrEqual(100);
  expect(await inTable(audit)).toHaveLength(total);
  for (const project of ['p', 'q']) {
    const own = await audit.query({ projectId: project, limit: 1000 });
    expect(own.entries).toHaveLength(own.total);
    expect(own.entries[0]?.line.scope.resource).toMatch(/59/);
  }
  expect(await store.scan({ prefix: 'audit/project/' })).not.toHaveLength(0);
  expect((await store.scan({ prefix: 'audit/' })).length).toBeLessThan(200);
  await audit.close();
});

test('a store that fails keeps the lines for the next flush', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const { audit } = await start(store, [path]);
  const broken = { transaction: (): Promise<never> => Promise.reject(new Error('gone')) };
  Object.assign(store, broken);
  audit.appendNow([event('a')]);
  await expect(audit.flush()).rejects.toThrow('gone');
  audit.appendNow([event('b')]);
  await expect(audit.flush()).rejects.toThrow('gone');
  Reflect.deleteProperty(store, 'transaction');
  expect(await inTable(audit)).toEqual(['b', 'a']);
});

test('one device that takes it is enough; without any nothing is recorded, and the numbers go on', async () => {
  const store = await openSqliteStore(':memory:');
  const good = fresh();
  const bad = fresh();
  const { audit, warnings } = await start(store, [bad, good]);
  const block = (path: string): void => {
    renameSync(path, `${path}.aside`);
    symlinkSync('/dev/full', path);
  };
  const unblock = (path: string): void => {
    unlinkSync(path);
    renameSync(`${path}.aside`, path);
  };
  block(bad);
  audit.appendNow([event('a')]);
  expect(warnings.some((text) => text.includes(bad))).toBe(true);
  block(good);
  const before = lines(`${good}.aside`).at(-1)?.seq;
  expect(() => audit.appendNow([event('lost')])).toThrow(expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' }));
  await expect(appended(audit, 'lost')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  unblock(good);
  unblock(bad);
  audit.appendNow([event('b')]);
  const added = lines(good).filter(({ seq }) => seq > (before ?? 0));
  expect(added.map(({ action }) => action)).toEqual(['test', 'server.recover', 'server.rotate']);
  expect(added[0]?.seq).toBe((before ?? 0) + 1);
  expect(await inTable(audit)).toEqual(['b', 'a']);
});

test('records of one turn go out in one write, in their order', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const { audit } = await start(store, [path]);
  await Promise.all(Array.from({ length: 100 }, (_, index) => appended(audit, String(index))));
  expect(
    lines(path)
      .slice(1)
      .map(({ scope }) => scope.resource),
  ).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  await audit.close();
  expect(lines(path).at(-1)?.action).toBe('server.stop');
  expect(() => audit.appendNow([event('late')])).toThrow(expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' }));
});

test('a file that can’t be opened stops the start; a new one is its owner’s alone', () => {
  expect(() => new FileDevice(folder)).toThrow(expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' }));
  expect(() => new FileDevice('/dev/null/x/audit.log')).toThrow(expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' }));
  const path = join(folder, 'deep', 'er', 'audit.log');
  new FileDevice(path).close();
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
});

test('a device that keeps nothing works too, and is not taken for rotated each time', async () => {
  const store = await openSqliteStore(':memory:');
  const { audit } = await start(store, ['/dev/null']);
  for (let index = 0; index < 5; index += 1) audit.appendNow([event(String(index))]);
  const { entries } = await audit.query({ limit: 100 });
  const rotations = entries.filter(({ line }) => line.action === 'server.rotate').length;
  expect(rotations).toBe(0);
});

test('a file of the same name and inode on another machine hides no lines of this one', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const first = await start(store, [path]);
  await first.audit.flush();
  const [mine] = await store.scan({ prefix: 'audit/head/' });
  const head = JSON.parse(mine?.value.toString() ?? '') as { offset: number; begin: string };
  expect(head.begin).toMatch(/^.{22}$/);
  const theirs = { ...head, chain: 'another', begin: 'of another machine', offset: head.offset + 1_000_000 };
  await store.transaction((transaction) => transaction.put('audit/head/another', JSON.stringify(theirs)));
  first.audit.appendNow([event('left')]);
  const second = await start(store, [path]);
  expect(await inTable(second.audit)).toEqual(['left']);
});

test('processes that share a file lose no line, whichever of them dies and comes back', async () => {
  const store = await openSqliteStore(':memory:');
  const path = fresh();
  const living = await start(store, [path]);
  const dying = await start(store, [path]);
  await dying.audit.flush();
  dying.audit.appendNow([event('d1')]);
  living.audit.appendNow([event('l1')]);
  // The head of the living one stands behind the line that the dead one did not bring into the table.
  await living.audit.flush();
  const back = await start(store, [path]);
  living.audit.appendNow([event('l2')]);
  back.audit.appendNow([event('b1')]);
  await living.audit.flush();
  expect((await inTable(back.audit)).toSorted()).toEqual(['b1', 'd1', 'l1', 'l2']);
  expect(lines(path).filter(({ action }) => action === 'test')).toHaveLength(4);
  await living.audit.close();
  await back.audit.close();
  const heads = (await store.scan({ prefix: 'audit/head/' })).map(
    ({ value }) => JSON.parse(value.toString()) as { ended?: boolean },
  );
  expect(heads.filter(({ ended }) => ended)).toHaveLength(2);
  // Long afterwards the one that died is known to have ended, and does not make each start read from there.
  const late = await start(store, [path], { now: () => Date.now() + 7_200_000 });
  await late.audit.close();
  const after = (await store.scan({ prefix: 'audit/head/' })).map(
    ({ value }) => JSON.parse(value.toString()) as { ended?: boolean },
  );
  expect(after.every(({ ended }) => ended)).toBe(true);
  expect((await inTable(await start(store, [path]).then(({ audit }) => audit))).toSorted()).toEqual([
    'b1',
    'd1',
    'l1',
    'l2',
  ]);
});
