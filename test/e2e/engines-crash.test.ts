// kill -9 at random moments during writes to KV, transit and leases: what was acknowledged is there, and what was encrypted
// with an acknowledged version of a key decrypts.

import { Agent } from 'node:http';
import { expect, test } from 'vitest';
import { startChildServer } from '../support/child-server.ts';
import { type Answer, send } from '../support/http.ts';
import { startDiskVault, temporaryFolder } from '../support/vault.ts';

const rounds = 8;
const paths = 8;

test('kill -9 loses nothing that was acknowledged', async () => {
  using folder = temporaryFolder();
  const first = await startDiskVault(folder.path);
  const vaultToken = first.rootToken;
  await first.operate('POST', '/v1/transit/keys/k');
  await first.server.close();

  /** The last acknowledged version of each path. */
  const acknowledged = new Map<string, number>();
  const ciphertexts: string[] = [];
  const leases: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const server = await startChildServer(folder.path);
    const agent = new Agent({ keepAlive: true });
    const killed = new AbortController();
    const post = async (path: string, body?: unknown): Promise<Answer> => {
      const answer = await send(server.url, 'POST', path, { vaultToken, agent, body });
      expect([path, answer.status]).toEqual([path, 200]);
      return answer;
    };
    const forever = async (work: () => Promise<void>): Promise<void> => {
      try {
        while (!killed.signal.aborted) await work();
      } catch (error) {
        // Only the end of the process may end a writer.
        if (!killed.signal.aborted) throw error;
      }
    };
    const writers = Array.from({ length: paths }, (_, index) =>
      forever(async () => {
        const path = `p/${index}`;
        const n = (acknowledged.get(path) ?? 0) + 1;
        const { json } = await post(`/v1/secret/data/${path}`, { n });
        expect(json.data.version).toBeGreaterThanOrEqual(n);
        acknowledged.set(path, json.data.version);
      }),
    );
    const others = forever(async () => {
      const { json } = await post('/v1/transit/keys/k/rotate');
      ciphertexts.push((await post('/v1/transit/encrypt/k', { plaintext: 'YQ==' })).json.ciphertext);
      expect(ciphertexts.at(-1)).toMatch(new RegExp(`^vault:v${json.new_version}:`));
      leases.push((await post('/v1/sys/leases/create', { engine_path: 'secret/data/p' })).json.lease_id);
    });
    setTimeout(
      () => {
        killed.abort();
        void server.end('SIGKILL');
      },
      100 + Math.random() * 200,
    );
    await Promise.all([...writers, others]);
    await server.end('SIGKILL');
    agent.destroy();
  }
  expect(ciphertexts.length).toBeGreaterThan(rounds);

  await using again = await startDiskVault(folder.path);
  for (const [path, version] of acknowledged) {
    const metadata = await again.operate('GET', `/v1/secret/metadata/${path}`);
    // The answer to the last write may have been lost.
    expect([version, version + rounds]).toEqual([
      expect.toSatisfy((least: number) => least <= metadata.current_version),
      expect.toSatisfy((most: number) => metadata.current_version <= most),
    ]);
    // Every version that is kept has its value.
    for (const kept of Object.keys(metadata.versions))
      expect((await again.operate('GET', `/v1/secret/data/${path}?version=${kept}`)).data.metadata.version).toBe(
        Number(kept),
      );
  }
  for (const ciphertext of ciphertexts)
    expect(await again.operate('POST', '/v1/transit/decrypt/k', { ciphertext })).toEqual({ plaintext: 'YQ==' });
  for (const lease_id of leases)
    expect((await again.operate('POST', '/v1/sys/leases/lookup', { lease_id })).expired).toBe(false);
  const { total } = await again.operate('GET', '/v1/sys/leases');
  const { leases: found } = await again.operate('GET', '/v1/sys/leases?limit=10000');
  expect(total).toBe(found.length);
  expect(total).toBeGreaterThanOrEqual(leases.length);
});
