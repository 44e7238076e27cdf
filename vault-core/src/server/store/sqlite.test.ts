import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test, vi } from 'vitest';
import { storeConformance } from './conformance.ts';
import { storeFormat } from './migrations.ts';
import { openSqliteStore } from './sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'zvault-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
let names = 0;
const fresh = (): string => join(folder, `db-${(names += 1)}`);
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const refusal = (code: string, text: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(text) });

storeConformance('SQLite in memory', async () => {
  const store = await openSqliteStore(':memory:');
  return { store, end: () => store.close() };
});

storeConformance('SQLite file', async () => {
  const path = fresh();
  const store = await openSqliteStore(path);
  const other = await openSqliteStore(path);
  return {
    store,
    other,
    end: async () => {
      await store.close();
      await other.close();
    },
  };
});

test('each commit waits for the disk but those that need not', async () => {
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
  const store = await openSqliteStore(fresh());
  const waits: boolean[] = [];
  for (const durable of [undefined, false, false, true, undefined, false, undefined])
    await store.transaction((transaction) => transaction.put('k', 'v'), durable === undefined ? {} : { durable });
  let full = false;
  for (const [sql] of exec.mock.calls) {
    if (sql.includes('synchronous')) full = /synchronous = FULL/.test(sql);
    if (sql === 'COMMIT') waits.push(full);
  }
  expect(waits).toEqual([true, false, false, true, true, false, true]);
  exec.mockRestore();
  await store.close();
});

test('a file is reopened with all it had, and only its owner may read it', async () => {
  const path = fresh();
  const store = await openSqliteStore(path);
  await store.transaction((transaction) => transaction.put('k', 'v'));
  for (const suffix of ['', '-wal', '-shm']) expect([suffix, mode(path + suffix)]).toEqual([suffix, '600']);
  const [revision] = await store.revisions(['k']);
  await store.close();
  const again = await openSqliteStore(path);
  expect((await again.get('k'))?.value.toString()).toBe('v');
  expect(await again.revisions(['k'])).toEqual([revision]);
  await again.transaction((transaction) => transaction.put('k', 'w'));
  expect((await again.revisions(['k']))[0]).toBeGreaterThan(revision ?? 0);
  await again.close();
});

test('a file that others could read is closed to them', async () => {
  const path = fresh();
  await (await openSqliteStore(path)).close();
  chmodSync(path, 0o644);
  const store = await openSqliteStore(path);
  expect(mode(path)).toBe('600');
  await store.close();
});

test('a crash leaves what was committed: the files as they lie are a whole database', async () => {
  const path = fresh();
  const store = await openSqliteStore(path);
  for (let index = 0; index < 20; index += 1)
    await store.transaction((transaction) => transaction.put(`k${index}`, 'v'));
  const copy = fresh();
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
  const found = await openSqliteStore(copy);
  expect(await found.scan({ prefix: 'k' })).toHaveLength(20);
  await found.close();
  await store.close();
});

test('a newer format is refused and left as it is', async () => {
  const path = fresh();
  await (await openSqliteStore(path)).close();
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${storeFormat + 1}`);
  database.close();
  await expect(openSqliteStore(path)).rejects.toEqual(refusal('UNAVAILABLE', /newer/));
  const after = new DatabaseSync(path);
  expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: storeFormat + 1 });
  after.close();
});

test('the database of another program is refused and not touched', async () => {
  const path = fresh();
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)');
  database.close();
  chmodSync(path, 0o644);
  const before = readFileSync(path);
  await expect(openSqliteStore(path)).rejects.toEqual(refusal('UNAVAILABLE', /another program/));
  expect(readFileSync(path).equals(before)).toBe(true);
  expect([mode(path), existsSync(`${path}-wal`)]).toEqual(['644', false]);
});

test.each([
  {
    name: 'no database',
    make: (path: string) => writeFileSync(path, 'this is not a database at all, just a text\n'.repeat(50)),
  },
  { name: 'a damaged header', make: (path: string) => writeFileSync(path, Buffer.alloc(4096, 0xff)) },
])('refused: $name', async ({ make }) => {
  const path = fresh();
  make(path);
  const before = readFileSync(path);
  await expect(openSqliteStore(path)).rejects.toEqual(refusal('UNAVAILABLE', /database/));
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('a folder that is not there is an error, an empty file is a new database', async () => {
  await expect(openSqliteStore(join(folder, 'none', 'db'))).rejects.toEqual(refusal('UNAVAILABLE', /ENOENT/));
  const path = fresh();
  writeFileSync(path, '');
  const store = await openSqliteStore(path);
  await store.transaction((transaction) => transaction.put('k', 'v'));
  await store.close();
  const database = new DatabaseSync(path);
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: storeFormat });
  expect(database.prepare('PRAGMA application_id').get()).toEqual({ application_id: 0x7a766c74 });
  database.close();
});

test('two that create the same file at once both get it', async () => {
  const path = fresh();
  const stores = await Promise.all(Array.from({ length: 4 }, () => openSqliteStore(path)));
  await stores[0]?.transaction((transaction) => transaction.put('k', 'v'));
  for (const store of stores) expect((await store.get('k'))?.value.toString()).toBe('v');
  for (const store of stores) await store.close();
});

test('a closed store says so', async () => {
  const store = await openSqliteStore(':memory:');
  await store.close();
  await store.close();
  for (const use of [() => store.get('k'), () => store.ping(), () => store.transaction(async () => 1)]) {
    await expect(use()).rejects.toEqual(expect.objectContaining({ code: 'UNAVAILABLE' }));
  }
});
