// TLS to the database means what PostgreSQL's own tools mean by it: tried against a server that speaks it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { startPostgres } from '../../test/support/postgres-server.ts';
import { postgresTest } from '../../test/support/postgres.ts';
import { makeCertificates } from '../src/client/test-certificates.ts';
import { openPostgresStore } from '../src/server/store/postgres.ts';
import { parsePostgresUrl } from '../src/server/store/postgres-url.ts';

// The server named in ZVAULT_TEST_POSTGRES may speak no TLS: this one is always the tests' own.
const test = await postgresTest();
const folder = mkdtempSync(join(tmpdir(), 'zvault-postgres-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a database must prove who it is, as far as the address asks for', async () => {
  const { ca, server, misnamed, client } = makeCertificates();
  const root = join(folder, 'ca.pem');
  const other = join(folder, 'other.pem');
  writeFileSync(root, ca);
  writeFileSync(other, client.cert);
  const tryAll = async (url: string, modes: readonly string[]): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const mode of modes) {
      const store = await openPostgresStore(parsePostgresUrl(`${url}?${mode}`)).catch((error: Error) => error.message);
      found[mode] = typeof store === 'string' ? (/\(([^()]*)\)$/.exec(store)?.[1] ?? store) : 'opened';
      if (typeof store !== 'string') await store.close();
    }
    return found;
  };
  const require = 'sslmode=require';
  const requireRoot = `sslmode=require&sslrootcert=${root}`;
  const requireOther = `sslmode=require&sslrootcert=${other}`;
  const verifyCa = `sslmode=verify-ca&sslrootcert=${root}`;
  const verifyFull = `sslmode=verify-full&sslrootcert=${root}`;
  const unknownRoot = 'sslmode=verify-full';
  for (const [certificate, expected] of [
    [
      server,
      {
        [require]: 'opened',
        [requireRoot]: 'opened',
        [requireOther]: expect.stringMatching(/CERT|VERIFY|ISSUER/),
        [verifyCa]: 'opened',
        [verifyFull]: 'opened',
        [unknownRoot]: expect.stringMatching(/CERT|VERIFY|ISSUER|SELF_SIGNED/),
      },
    ],
    [misnamed, { [require]: 'opened', [verifyCa]: 'opened', [verifyFull]: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
  ] as const) {
    const postgres = await startPostgres({ tls: certificate });
    try {
      expect(await tryAll(postgres.url, Object.keys(expected))).toEqual(expected);
    } finally {
      await postgres.stop();
    }
  }
}, 60_000);
