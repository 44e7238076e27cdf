import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientOptions } from './options.ts';
import { makeCertificates, type TestCertificates } from './test-certificates.ts';
import { startTestServer, testClient } from './test-server.ts';

let folder = '';
let certificates: TestCertificates;
beforeAll(async () => {
  certificates = makeCertificates();
  folder = await mkdtemp(join(tmpdir(), 'zvault-tls-'));
  await writeFile(join(folder, 'ca.pem'), certificates.ca);
  await writeFile(join(folder, 'client.pem'), certificates.client.cert);
  await writeFile(join(folder, 'client.key'), certificates.client.key);
  await writeFile(join(folder, 'no.pem'), 'canary');
});
afterAll(() => rm(folder, { recursive: true }));

const ok = { json: { ok: true } };

test.each([
  { name: 'as text', options: () => ({ ca: certificates.ca }) },
  { name: 'as a file', options: () => ({ caFile: join(folder, 'ca.pem') }) },
  { name: 'by ZVAULT_CA_CERT', options: () => ({ env: { ZVAULT_CA_CERT: join(folder, 'ca.pem') } }) },
])('a CA of one’s own is trusted: $name', async ({ options }) => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using client = testClient(server, options());
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  expect(server.sockets.size).toBe(1);
});

test('a certificate of an unknown CA is refused with what to do, without a second try, and no token leaves', async () => {
  await using server = await startTestServer(() => ok, certificates.server);
  let attempts = 0;
  await using client = testClient(server, { logger: ({ event }) => void (event === 'request' && (attempts += 1)) });
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('no secure connection'),
    hint: expect.stringContaining('ZVAULT_CA_CERT'),
    details: { sent: false, permanent: true },
  });
  expect(attempts).toBe(1);
  expect(server.seen).toEqual([]);
});

test('a certificate for another name is refused', async () => {
  await using server = await startTestServer(() => ok, certificates.misnamed);
  await using client = testClient(server, { ca: certificates.ca });
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    hint: expect.stringContaining('host name'),
  });
  expect(server.seen).toEqual([]);
});

test('https to a port that speaks http is told', async () => {
  await using server = await startTestServer(() => ok);
  await using client = testClient({ url: server.url.replace('http:', 'https:') });
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    hint: expect.stringContaining('scheme'),
  });
});

test.each([
  { name: 'text', options: () => certificates.client },
  { name: 'files', options: () => ({ cert: join(folder, 'client.pem'), key: join(folder, 'client.key') }) },
])('a client certificate as $name', async ({ options }) => {
  const mutual = { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: true };
  await using server = await startTestServer(() => ok, mutual);
  await using client = testClient(server, { ca: certificates.ca, ...options() });
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
  await using without = testClient(server, { ca: certificates.ca, maxRetries: 0 });
  await expect(without.request('GET', '/v1/cloud/x')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test.each<{ name: string; options: () => ClientOptions }>([
  { name: 'a CA file that is not there', options: () => ({ caFile: join(folder, 'nowhere.pem') }) },
  { name: 'a CA file that is not PEM', options: () => ({ caFile: join(folder, 'no.pem') }) },
  { name: 'a broken CA', options: () => ({ ca: '-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----' }) },
  {
    name: 'a key of another certificate',
    options: () => ({ cert: certificates.client.cert, key: certificates.server.key }),
  },
])('$name is told before anything is sent', async ({ options }) => {
  await using server = await startTestServer(() => ok, certificates.server);
  await using client = testClient(server, options());
  const error: unknown = await client.request('GET', '/v1/cloud/x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('canary') });
  expect(server.seen).toEqual([]);
});

test('TLS files that were put right are read at the next request', async () => {
  const file = join(folder, 'later.pem');
  await using server = await startTestServer(() => ok, certificates.server);
  await using client = testClient(server, { caFile: file });
  await expect(client.request('GET', '/v1/cloud/x')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await writeFile(file, certificates.ca);
  expect(await client.request('GET', '/v1/cloud/x')).toEqual({ ok: true });
});
