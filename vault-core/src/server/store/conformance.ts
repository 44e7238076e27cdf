// What every store must do, as tests: run it for each implementation. Not part of what is published.

import { type TestAPI, afterAll, beforeAll, beforeEach, describe, expect, test as run } from 'vitest';
import type { ScanRange, Store } from './store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Another store on the same data, as another process has it; absent where the data can't be shared. */
  readonly other?: Store;
  end(): Promise<void>;
}

// In the order of their UTF-8 bytes; UTF-16 order differs in the last three.
const ordered = [
  '',
  '\u0000',
  ' ',
  'A',
  'a',
  'a\u0000',
  'a/',
  'a/b',
  'a0',
  'aa',
  'b',
  '\u007f',
  'é',
  '\u7fff',
  '\ue000',
  '\ufffd',
  '\u{10000}',
  '\u{1f600}',
  '\u{10ffff}',
];

/** `test`: another one where the store may be missing on the machine, and its tests are skipped then. */
export function storeConformance(name: string, open: () => Promise<StoreUnderTest>, test: TestAPI = run): void {
  describe(`store conformance: ${name}`, () => {
    let tested: StoreUnderTest;
    let store: Store;
    let space = 0;
    let prefix: string;

    beforeAll(async () => {
      tested = await open();
      store = tested.store;
    });
    beforeEach(() => {
      space += 1;
      prefix = `space-${space}/`;
    });
    afterAll(() => tested.end());

    const put = (entries: Readonly<Record<string, string>>): Promise<void> =>
      store.transaction(async (transaction) => {
        for (const [key, value] of Object.entries(entries)) await transaction.put(prefix + key, value);
      });
    const read = async (key: string, from: { get: Store['get'] } = store): Promise<string | undefined> =>
      (await from.get(prefix + key))?.value.toString();
    const keysOf = async (range: Partial<ScanRange> = {}, from: { scan: Store['scan'] } = store): Promise<string[]> =>
      (await from.scan({ prefix, ...range })).map(({ key }) => key.slice(prefix.length));

    test('what was put is read, bytes and texts, empty ones too', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      await store.transaction(async (transaction) => {
        await transaction.put(`${prefix}bytes`, bytes);
        await transaction.put(`${prefix}text`, 'ünï');
        await transaction.put(`${prefix}empty`, '');
      });
      expect((await store.get(`${prefix}bytes`))?.value.equals(bytes)).toBe(true);
      expect(await read('text')).toBe('ünï');
      expect(await read('empty')).toBe('');
      expect(await read('none')).toBeUndefined();
    });

    test('what a reader got stays as it was', async () => {
      await put({ k: 'one' });
      const entry = await store.get(`${prefix}k`);
      await put({ k: 'two' });
      expect(entry?.value.toString()).toBe('one');
      entry?.value.fill(0);
      expect(await read('k')).toBe('two');
    });

    test('scans are in the order of UTF-8 bytes', async () => {
      await put(Object.fromEntries(ordered.toReversed().map((key) => [key, 'v'])));
      expect(await keysOf()).toEqual(ordered);
      expect(await keysOf({ reverse: true })).toEqual(ordered.toReversed());
      expect(await keysOf({ limit: 3 })).toEqual(ordered.slice(0, 3));
      expect(await keysOf({ limit: 3, reverse: true })).toEqual(ordered.toReversed().slice(0, 3));
      expect(await keysOf({ limit: 0 })).toEqual([]);
      for (const [index, key] of ordered.entries()) {
        expect(await keysOf({ after: prefix + key })).toEqual(ordered.slice(index + 1));
        expect(await keysOf({ before: prefix + key })).toEqual(ordered.slice(0, index));
        expect(await keysOf({ prefix: prefix + key })).toEqual(ordered.filter((other) => other.startsWith(key)));
        const both = { after: prefix + (ordered[2] ?? ''), before: prefix + key, reverse: true };
        expect(await keysOf(both)).toEqual(ordered.slice(3, Math.max(3, index)).toReversed());
      }
    });

    test('a prefix ends where its bytes end', async () => {
      await put({ a: '1', 'a\u{10ffff}': '2', b: '3', '\u007f': '4', '\u{10ffff}': '5', '\u{10ffff}\u{10ffff}': '6' });
      expect(await keysOf({ prefix: `${prefix}a` })).toEqual(['a', 'a\u{10ffff}']);
      expect(await keysOf({ prefix: `${prefix}\u007f` })).toEqual(['\u007f']);
      expect(await keysOf({ prefix: `${prefix}\u{10ffff}` })).toEqual(['\u{10ffff}', '\u{10ffff}\u{10ffff}']);
      expect((await store.scan({ prefix: '' })).length).toBeGreaterThan(6);
    });

    test('a transaction sees what it wrote', async () => {
      await put({ a: 'old', b: 'old' });
      await store.transaction(async (transaction) => {
        await transaction.put(`${prefix}a`, 'new');
        await transaction.delete(`${prefix}b`);
        await transaction.put(`${prefix}c`, 'new');
        expect(await read('a', transaction)).toBe('new');
        expect(await read('b', transaction)).toBeUndefined();
        expect(await keysOf({}, transaction)).toEqual(['a', 'c']);
        await transaction.delete(`${prefix}never`);
      });
      expect(await keysOf()).toEqual(['a', 'c']);
    });

    test('what is prefetched is what is read, and what is written counts more', async () => {
      await put({ a: 'stored', b: 'stored' });
      await store.transaction(async (transaction) => {
        await transaction.put(`${prefix}a`, 'written');
        await transaction.prefetch(['a', 'b', 'none'].map((key) => prefix + key));
        expect(await read('a', transaction)).toBe('written');
        expect(await read('b', transaction)).toBe('stored');
        expect(await read('none', transaction)).toBeUndefined();
        await transaction.put(`${prefix}none`, 'there now');
        await transaction.prefetch([`${prefix}none`]);
        expect(await read('none', transaction)).toBe('there now');
      });
    });

    test('a transaction that throws leaves nothing, and its error comes out', async () => {
      await put({ a: 'old' });
      const failure = new Error('on purpose');
      const failed = store.transaction(async (transaction) => {
        await transaction.put(`${prefix}a`, 'new');
        await transaction.put(`${prefix}b`, 'new');
        throw failure;
      });
      await expect(failed).rejects.toBe(failure);
      expect(await read('a')).toBe('old');
      expect(await keysOf()).toEqual(['a']);
      expect(await store.transaction(async () => 'goes on')).toBe('goes on');
    });

    test('a savepoint that throws takes only its own writes back', async () => {
      await store.transaction(async (transaction) => {
        await transaction.put(`${prefix}a`, '1');
        const failure = new Error('part');
        const part = transaction.savepoint(async () => {
          await transaction.put(`${prefix}a`, '2');
          await transaction.put(`${prefix}b`, '2');
          throw failure;
        });
        await expect(part).rejects.toBe(failure);
        expect(await read('a', transaction)).toBe('1');
        expect(await transaction.savepoint(async () => (await transaction.put(`${prefix}c`, '3'), 'done'))).toBe(
          'done',
        );
        await transaction.savepoint(async () => {
          await transaction.put(`${prefix}d`, '4');
          await transaction.savepoint(async () => transaction.put(`${prefix}e`, '5'));
          await transaction
            .savepoint(async () => {
              await transaction.delete(`${prefix}d`);
              throw failure;
            })
            .catch(() => undefined);
        });
      });
      expect(await keysOf()).toEqual(['a', 'c', 'd', 'e']);
      expect(await read('a')).toBe('1');
    });

    test('transactions run one after the other', async () => {
      await put({ n: '0' });
      const bump = (): Promise<void> =>
        store.transaction(async (transaction) => {
          const now = Number(await read('n', transaction));
          await transaction.get(`${prefix}other`);
          await transaction.put(`${prefix}n`, String(now + 1));
        });
      await Promise.all(Array.from({ length: 50 }, bump));
      expect(await read('n')).toBe('50');
    });

    test('what need not wait for the disk is seen at once, by the next transaction and another process too', async () => {
      const { other = store } = tested;
      for (const [index, durable] of [false, true, false, false, true].entries()) {
        const key = `${prefix}${index}`;
        await store.transaction((transaction) => transaction.put(key, 'v'), { durable });
        expect((await other.get(key))?.value.toString()).toBe('v');
        const failing = store.transaction(
          async (transaction) => {
            await transaction.put(key, 'undone');
            throw new Error('no');
          },
          { durable },
        );
        await expect(failing).rejects.toThrow('no');
        expect((await store.get(key))?.value.toString()).toBe('v');
      }
    });

    test('readers never see what may still be undone', async () => {
      await put({ a: 'old', b: 'old' });
      const seen: (string | undefined)[] = [];
      const pairs: string[] = [];
      const writes = Array.from({ length: 20 }, (_, index) =>
        store
          .transaction(async (transaction) => {
            await transaction.put(`${prefix}a`, `half-${index}`);
            for (let step = 0; step < index % 5; step += 1) await transaction.get(`${prefix}b`);
            if (index % 2 === 0) throw new Error('undone');
            await transaction.put(`${prefix}a`, 'whole');
            await transaction.put(`${prefix}b`, 'whole');
          })
          .catch(() => undefined),
      );
      const readers = Array.from({ length: 40 }, async (_, index) => {
        for (let step = 0; step < index; step += 1) await Promise.resolve();
        seen.push(await read('a'));
        const entries = await store.scan({ prefix });
        pairs.push(entries.map(({ value }) => value.toString()).join());
      });
      await Promise.all([...writes, ...readers]);
      expect(seen.filter((value) => value?.startsWith('half'))).toEqual([]);
      expect([...new Set(pairs)].filter((pair) => pair !== 'old,old' && pair !== 'whole,whole')).toEqual([]);
    });

    test('a revision changes with each write, is never used again, and is 0 where nothing is', async () => {
      const key = `${prefix}k`;
      const revision = async (): Promise<number> => (await store.revisions([key]))[0] ?? -1;
      const seen = new Set<number>();
      expect(await revision()).toBe(0);
      for (let round = 0; round < 5; round += 1) {
        await put({ k: 'same' });
        const now = await revision();
        expect((await store.get(key))?.revision).toBe(now);
        expect(seen.has(now)).toBe(false);
        seen.add(now);
        await store.transaction((transaction) => transaction.delete(key));
        expect(await revision()).toBe(0);
      }
      await store
        .transaction(async (transaction) => {
          await transaction.put(key, 'undone');
          throw new Error('undone');
        })
        .catch(() => undefined);
      expect(await revision()).toBe(0);
      await put({ k: 'v' });
      expect(seen.has(await revision())).toBe(false);
      expect(await store.revisions([])).toEqual([]);
      const two = await store.revisions([`${prefix}none`, key]);
      expect([two[0], two[1]]).toEqual([0, await revision()]);
    });

    test('a revision after an undone savepoint is that of what stayed', async () => {
      const key = `${prefix}k`;
      await put({ k: 'before' });
      const [before] = await store.revisions([key]);
      await store.transaction(async (transaction) => {
        await transaction.put(`${prefix}other`, 'v');
        await transaction
          .savepoint(async () => {
            await transaction.put(key, 'undone');
            throw new Error('undone');
          })
          .catch(() => undefined);
      });
      expect(await read('k')).toBe('before');
      expect(await store.revisions([key])).toEqual([(await store.get(key))?.revision]);
      expect(await store.revisions([key])).toEqual([before]);
    });

    test('a transaction that lets go of its writes sees them, and leaves nothing when it throws', async () => {
      await put({ a: 'old', b: 'old' });
      const work = (failure?: Error): Promise<void> =>
        store.transaction(async (transaction) => {
          await transaction.put(`${prefix}a`, 'new');
          await transaction.delete(`${prefix}b`);
          await transaction.flush();
          expect([await read('a', transaction), await read('b', transaction)]).toEqual(['new', undefined]);
          await transaction.put(`${prefix}c`, 'new');
          expect(await keysOf({}, transaction)).toEqual(['a', 'c']);
          await transaction.flush();
          await transaction.put(`${prefix}a`, 'newer');
          expect(await keysOf({ reverse: true }, transaction)).toEqual(['c', 'a']);
          if (failure) throw failure;
        });
      await expect(work(new Error('undone'))).rejects.toThrow('undone');
      expect([await keysOf(), await read('a')]).toEqual([['a', 'b'], 'old']);
      await work();
      expect([await keysOf(), await read('a')]).toEqual([['a', 'c'], 'newer']);
    });

    test('a snapshot stays as it was, whatever is written meanwhile', async () => {
      await put({ a: 'old', b: 'old', c: 'old' });
      const snapshot = await store.snapshot();
      const count = await snapshot.count();
      await put({ a: 'new', d: 'new' });
      await store.transaction((transaction) => transaction.delete(`${prefix}b`));
      await tested.other?.transaction((transaction) => transaction.put(`${prefix}e`, 'theirs'));
      expect(await keysOf({}, snapshot)).toEqual(['a', 'b', 'c']);
      expect(await keysOf({ after: `${prefix}a`, limit: 1 }, snapshot)).toEqual(['b']);
      expect(await read('a', snapshot)).toBe('old');
      expect(await read('d', snapshot)).toBeUndefined();
      expect(await snapshot.count()).toBe(count);
      await snapshot.close();
      expect(await read('a')).toBe('new');
      const later = await store.snapshot();
      expect(await later.count()).toBe(count + (tested.other ? 1 : 0));
      expect(await read('b', later)).toBeUndefined();
      await later.close();
    });

    test('writes of another process are seen, revisions too', async () => {
      const { other } = tested;
      if (!other) return;
      const key = `${prefix}shared`;
      await put({ shared: 'mine' });
      const [first] = await store.revisions([key]);
      await other.transaction(async (transaction) => {
        expect((await transaction.get(key))?.value.toString()).toBe('mine');
        await transaction.put(key, 'theirs');
      });
      await new Promise((resolve) => setImmediate(resolve));
      const [second] = await store.revisions([key]);
      expect(second).not.toBe(first);
      expect(await read('shared')).toBe('theirs');
      // One after the other: two connections of one thread would wait for each other.
      for (let round = 0; round < 20; round += 1) {
        await (round % 2 === 0 ? store : other).transaction(async (transaction) => {
          const count = Number((await transaction.get(`${prefix}count`))?.value.toString() ?? '0');
          await transaction.put(`${prefix}count`, String(count + 1));
        });
      }
      expect(await read('count')).toBe('20');
      const revisions = [(await store.get(key))?.revision, (await store.get(`${prefix}count`))?.revision];
      expect(new Set(revisions).size).toBe(2);
    });
  });
}
