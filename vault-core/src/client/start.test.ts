import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startTestServer } from './test-server.ts';
import { modernVault } from './test-vaults.ts';

const run = promisify(execFile);
const source = new URL('index.ts', import.meta.url).href;

/** Runs a script with the client in a process of its own; answers the JSON that it prints. */
async function inProcess(url: string, body: string): Promise<unknown> {
  const script = `import { createClient } from ${JSON.stringify(source)};
    const client = createClient({ url: ${JSON.stringify(url)}, token: 'zvt_test_token', environment: 'prod', env: {} });
    ${body}`;
  const { stdout } = await run(process.execPath, ['--input-type=module-typescript', '-e', script], { timeout: 15_000 });
  return JSON.parse(stdout) as unknown;
}

test('a request loads neither undici nor what it does not need', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  const loaded = await inProcess(
    server.url,
    `await client.getAll();
    const native = process.moduleLoadList.filter((name) => /undici|internal\\/tls|_tls|webstreams|fetch/.test(name));
    console.log(JSON.stringify(native));
    client.close();`,
  );
  expect(loaded).toEqual([]);
});

test('a client that is not closed does not keep the process alive', async () => {
  await using server = await startTestServer(modernVault({ A: '1' }).handle);
  const startedMs = performance.now();
  const answer = await inProcess(
    server.url,
    `import { VaultClient } from ${JSON.stringify(source)};
    const refreshing = new VaultClient({ url: ${JSON.stringify(server.url)}, token: 'zvt_test_token', environment: 'prod', env: {}, autoRefresh: true });
    await refreshing.getAll();
    console.log(JSON.stringify((await client.getAll()).size));`,
  );
  expect(answer).toBe(1);
  expect(performance.now() - startedMs).toBeLessThan(4000);
});
