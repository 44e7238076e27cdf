import { expect } from 'vitest';
import { createDatabase, postgresTest } from '../../test/support/postgres.ts';
import { storeConformance } from '../src/server/store/conformance.ts';
import { openPostgresStore } from '../src/server/store/postgres.ts';
import { parsePostgresUrl } from '../src/server/store/postgres-url.ts';

const test = await postgresTest();

storeConformance(
  'PostgreSQL',
  async () => {
    const database = await createDatabase();
    const store = await openPostgresStore(parsePostgresUrl(database.url));
    const other = await openPostgresStore(parsePostgresUrl(database.url));
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

test('x', () => { expect(1).toBe(1); });
