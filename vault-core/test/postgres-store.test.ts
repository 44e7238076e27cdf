import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { startCutProxy } from '../../test/support/cut-proxy.ts';
import { createDatabase, postgresTest } from '../../test/support/postgres.ts';
import { makeWorkspace, startTestVault, temporaryFolder } from '../../test/support/vault.ts';
import { isCommitUnknown } from '../src/server/store/commit-unknown.ts';
import { storeConformance } from '../src/server/store/conformance.ts';
import { openPostgresStore } from '../src/server/store/postgres.ts';
import { parsePostgresUrl } from '../src/server/store/postgres-url.ts';
import type { Store } from '../src/server/store/store.ts';

const test = await postgresTest();
const open = (url: string): Promise<Store> => openPostgresStore(parsePostgresUrl(url));
const refusal = (code: string, text: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(text) });
const textOf = async (store: Store, key: string): Promise<string | undefined> =>
  (await store.get(key))?.value.toString();
const put = (store: Store, key: string, value: string): Promise<void> =>
  store.transaction((transaction) => transaction.put(key, value));

storeConformance(
  'PostgreSQL',
  async () => {
    const database = await createDatabase();
    const store = await open(database.url);
    const other = await open(database.url);
    return {
      store,
      other,
      end: async () => {
        await store.close();
        await other.close();
        await database[Symbol.asyncDispose]();
      },
    };
  },
  test,
);

test('transactions of several servers run one after the other', async () => {
  await using database = await createDatabase();
  const stores = await Promise.all(Array.from({ length: 3 }, () => open(database.url)));
  const revisions: number[] = [];
  await Promise.all(
    stores.flatMap((store) =>
      Array.from({ length: 40 }, () =>
        store.transaction(async (transaction) => {
          const count = Number((await transaction.get('n'))?.value.toString() ?? '0');
          await transaction.get('other');
          await transaction.put('n', String(count + 1));
          revisions.push((await transaction.get('n'))?.revision ?? 0);
        }),
      ),
    ),
  );
  for (const store of stores) expect(await textOf(store, 'n')).toBe('120');
  expect(new Set(revisions).size).toBe(120);
  await Promise.all(stores.map((store) => store.close()));
});

test('a scan in a transaction sees its writes between the stored ones, whatever the limit', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  await store.transaction(async (transaction) => {
    for (const key of ['a', 'c', 'e', 'g']) await transaction.put(`p/${key}`, 'stored');
  });
  await store.transaction(async (transaction) => {
    for (const key of ['b', 'e', '\u{10000}', '\uffff']) await transaction.put(`p/${key}`, 'new');
    for (const key of ['a', 'c']) await transaction.delete(`p/${key}`);
    const keys = async (range: object): Promise<string> =>
      (await transaction.scan({ prefix: 'p/', ...range })).map(({ key }) => key.slice(2)).join('');
    expect(await keys({})).toBe('beg\uffff\u{10000}');
    expect(await keys({ reverse: true })).toBe('\u{10000}\uffffgeb');
    expect(await keys({ limit: 1 })).toBe('b');
    expect(await keys({ limit: 2, after: 'p/b' })).toBe('eg');
    expect(await keys({ limit: 2, before: 'p/g', reverse: true })).toBe('eb');
  });
  await store.close();
});

test('more than fits into one statement is written whole', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  const large = randomBytes(5 * 1024 * 1024);
  await store.transaction(async (transaction) => {
    for (let index = 0; index < 2500; index += 1) await transaction.put(`many/${index}`, String(index));
    await transaction.put('large/1', large);
    await transaction.put('large/2', large);
  });
  expect(await store.scan({ prefix: 'many/' })).toHaveLength(2500);
  expect((await store.get('large/2'))?.value.equals(large)).toBe(true);
  await store.close();
});

test('a name that the index can’t take is refused alone', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  const long = randomBytes(2000).toString('base64');
  await store.transaction(async (transaction) => {
    await transaction.put('before', '1');
    const refused = transaction.savepoint(() => transaction.put(long, '2'));
    await expect(refused).rejects.toEqual(refusal('BAD_REQUEST', /too long/));
    await transaction.put(randomBytes(1300).toString('hex'), 'the longest');
  });
  expect(await textOf(store, 'before')).toBe('1');
  await store.close();
});

test('the questions of one turn are one statement', async () => {
  await using database = await createDatabase();
  await using proxy = await startCutProxy(database.url);
  const store = await open(proxy.url);
  await put(store, 'a', '1');
  await store.revisions(['a']);
  const before = proxy.count('zvault_revisions');
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => store.revisions(['a', `k${index}`])),
  );
  expect(new Set(answers.map(String)).size).toBe(1);
  expect(proxy.count('zvault_revisions') - before).toBeLessThanOrEqual(2);
  const [one, two] = await Promise.all([store.get('a'), store.get('a')]);
  one?.value.fill(0);
  expect(two?.value.toString()).toBe('1');
  await store.close();
});

test('two servers that start at once on an empty database make one set of tables', async () => {
  await using database = await createDatabase();
  const stores = await Promise.all(Array.from({ length: 6 }, () => open(database.url)));
  await put(stores[0] as Store, 'k', 'v');
  expect(await textOf(stores[5] as Store, 'k')).toBe('v');
  expect(await database.query('SELECT id, format FROM zvault_store')).toEqual([{ id: 1, format: 1 }]);
  await Promise.all(stores.map((store) => store.close()));
});

test('a newer format is refused: at the start, and by a server that runs already', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  await put(store, 'k', 'v');
  await database.query('UPDATE zvault_store SET format = 99');
  await expect(open(database.url)).rejects.toEqual(refusal('UNAVAILABLE', /format 99, newer than 1/));
  await expect(put(store, 'k', 'w')).rejects.toEqual(refusal('UNAVAILABLE', /format 99/));
  expect(await textOf(store, 'k')).toBe('v');
  await store.close();
});

test('errors say where and why, and never show the address or its password', async () => {
  await using database = await createDatabase();
  const wrong = async (change: (url: URL) => void): Promise<{ message: string; text: string }> => {
    const url = new URL(database.url);
    change(url);
    const error = await open(url.href).then(
      () => new Error('it opened'),
      (thrown: unknown) => thrown as Error & { hint?: string; code: string },
    );
    const text = `${error.message} ${JSON.stringify(error)} ${error.stack ?? ''} ${String(error.cause)}`;
    return { message: error.message, text };
  };
  const canary = 'canary-password-0123';
  const password = await wrong((url) => (url.password = canary));
  expect(password.message).toMatch(/refuses: password authentication failed.*28P01/);
  const nobody = await wrong((url) => (url.port = '1'));
  expect(nobody.message).toMatch(/no answer from the database .*:1\/zvault_test_\w+ \(ECONNREFUSED\)/);
  const missing = await wrong((url) => (url.pathname = '/none'));
  expect(missing.message).toMatch(/3D000/);
  const plain = await wrong((url) => url.searchParams.set('sslmode', 'require'));
  expect(plain.message).toMatch(/it does not speak TLS/);
  for (const { text } of [password, nobody, missing, plain]) {
    expect(text).not.toContain(canary);
    expect(text).not.toContain(decodeURIComponent(new URL(database.url).password));
    expect(text).not.toContain('postgres://');
  }
});

test('a connection that is lost before the commit costs nothing: the transaction is run again', async () => {
  await using database = await createDatabase();
  await using proxy = await startCutProxy(database.url);
  const store = await open(proxy.url);
  await put(store, 'n', '0');
  for (const question of ['zvault_read', 'BEGIN']) {
    let runs = 0;
    proxy.loseQuestion(question);
    await store.transaction(async (transaction) => {
      runs += 1;
      const count = Number((await transaction.get('n'))?.value.toString());
      await transaction.put('n', String(count + 1));
    });
    expect(runs).toBe(question === 'BEGIN' ? 1 : 2);
  }
  expect(await textOf(store, 'n')).toBe('2');
  // Reads find a new connection by themselves, too.
  proxy.loseQuestion('zvault_read');
  expect(await textOf(store, 'n')).toBe('2');
  await store.close();
});

test.each(['done', 'not done'])(
  'a commit without an answer is told as unknown, and not repeated (%s)',
  async (fate) => {
    await using database = await createDatabase();
    await using proxy = await startCutProxy(database.url);
    const store = await open(proxy.url);
    await put(store, 'n', '0');
    let runs = 0;
    if (fate === 'done') proxy.loseAnswerTo('COMMIT\0');
    else proxy.loseQuestion('COMMIT\0');
    const error: unknown = await store
      .transaction(async (transaction) => {
        runs += 1;
        const count = Number((await transaction.get('n'))?.value.toString());
        await transaction.put('n', String(count + 1));
      })
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(refusal('UNAVAILABLE', /may have been done/));
    expect(isCommitUnknown(error)).toBe(true);
    expect(runs).toBe(1);
    await expect.poll(() => textOf(store, 'n')).toBe(fate === 'done' ? '1' : '0');
    await put(store, 'n', 'goes on');
    expect(await textOf(store, 'n')).toBe('goes on');
    await store.close();
  },
);

test('what the database undoes is run again, a bounded number of times', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  // As an engine with stricter levels does, which sees two transactions meet.
  await database.query('CREATE SEQUENCE tries');
  await database.query('CREATE TABLE refused (up_to INTEGER)');
  await database.query('INSERT INTO refused VALUES (2)');
  await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= (SELECT up_to FROM refused) THEN
      RAISE EXCEPTION 'restart transaction' USING ERRCODE = '40001';
    END IF; RETURN NEW; END $$`);
  await database.query('CREATE TRIGGER refuse BEFORE INSERT ON zvault_kv FOR EACH ROW EXECUTE FUNCTION refuse()');
  let runs = 0;
  await store.transaction(async (transaction) => {
    runs += 1;
    await transaction.put('k', String(runs));
  });
  expect(runs).toBe(3);
  expect(await textOf(store, 'k')).toBe('3');
  await database.query('UPDATE refused SET up_to = 1000000');
  const refused = put(store, 'k', 'never');
  await expect(refused).rejects.toEqual(refusal('UNAVAILABLE', /40001/));
  expect(isCommitUnknown(await refused.catch((error: unknown) => error))).toBe(false);
  expect(await textOf(store, 'k')).toBe('3');
  await store.close();
});

test('a full disk of the database is told as that', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  await database.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`);
  await database.query('CREATE TRIGGER full_disk BEFORE INSERT ON zvault_kv FOR EACH ROW EXECUTE FUNCTION full_disk()');
  await expect(put(store, 'k', 'v')).rejects.toEqual(refusal('STORAGE_FULL', /disk of the database .* is full/));
  await store.close();
});

test('a line that is cut silently is given up in bounded time, for all who wait; afterwards all goes on', async () => {
  await using database = await createDatabase();
  await using proxy = await startCutProxy(database.url);
  const store = await open(proxy.url);
  const direct = await open(database.url);
  await put(store, 'k', 'before');
  proxy.cut();
  const started = performance.now();
  const waiting = [
    ...Array.from({ length: 20 }, () => store.get('k')),
    ...Array.from({ length: 20 }, (_, index) => put(store, 'k', `lost-${index}`)),
    store.ping(),
  ];
  const answers = await Promise.allSettled(waiting);
  expect(performance.now() - started).toBeLessThan(12_000);
  for (const answer of answers) {
    expect(answer.status).toBe('rejected');
    if (answer.status === 'rejected') expect(answer.reason).toEqual(refusal('UNAVAILABLE', /./));
  }
  // What the cut-off server held is free again for the others.
  await put(direct, 'k', 'meanwhile');
  proxy.heal();
  await expect.poll(() => textOf(store, 'k').catch(() => 'not yet'), { timeout: 5000 }).toBe('meanwhile');
  await put(store, 'k', 'after');
  expect(await textOf(direct, 'k')).toBe('after');
  await store.close();
  await direct.close();
}, 30_000);

test('a server that is cut off within a transaction does not keep the others from writing', async () => {
  await using database = await createDatabase();
  await using proxy = await startCutProxy(database.url);
  const store = await open(proxy.url);
  const direct = await open(database.url);
  const stuck = store.transaction(async (transaction) => {
    await transaction.get('k');
    proxy.cut();
    await transaction.get('l');
  });
  const refused = expect(stuck).rejects.toEqual(refusal('UNAVAILABLE', /./));
  await expect.poll(() => proxy.count('zvault_read')).toBeGreaterThan(0);
  const started = performance.now();
  await expect
    .poll(
      () =>
        put(direct, 'k', 'v').then(
          () => 'written',
          () => 'not yet',
        ),
      { timeout: 15_000 },
    )
    .toBe('written');
  expect(performance.now() - started).toBeLessThan(10_000);
  await refused;
  await direct.close();
  await store.close();
}, 30_000);

test('after it is closed the store refuses, and closing again is harmless', async () => {
  await using database = await createDatabase();
  const store = await open(database.url);
  await store.close();
  await store.close();
  await expect(store.get('k')).rejects.toEqual(refusal('UNAVAILABLE', /closed/));
  await expect(put(store, 'k', 'v')).rejects.toEqual(refusal('UNAVAILABLE', /closed/));
});

test('a batch of many secrets costs a few questions, not a few for each', async () => {
  await using database = await createDatabase();
  await using proxy = await startCutProxy(database.url);
  using folder = temporaryFolder();
  await using vault = await startTestVault({ storage: proxy.url, audit: [`file:${folder.path}/audit.log`] });
  const { env } = await makeWorkspace(vault);
  const operations = Array.from({ length: 300 }, (_, index) => ({ op: 'put', key: `K${index}`, value: 'v' }));
  const before = proxy.count('zvault_read');
  await vault.root('POST', `${env}/batch`, { operations });
  expect(proxy.count('zvault_read') - before).toBeLessThan(20);
  expect((await vault.root('GET', `${env}/secrets`)).keys).toHaveLength(300);
});
