import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { type Handler, type Seen, startTestServer, testClient } from '../test-server.ts';

const environments = [
  { id: '33333333-3333-4333-8333-333333333333', slug: 'staging' },
  { id: '44444444-4444-4444-8444-444444444444', slug: 'production' },
];
interface Body {
  id: string;
  name: string;
  environment_id: string | null;
  expires_at: string | null;
  permissions: string[];
}

const bodyOf = (seen: Seen | undefined): Body => seen?.body as Body;

/** `change` is what the server makes of the token that was asked for. */
function tokenServer(change: (token: Body) => object = () => ({}), plaintexts: (string | null)[] = []): Handler {
  return ({ method, path, body }) => {
    if (path.endsWith('/environments')) return { json: { environments } };
    if (method !== 'POST' || path.endsWith('/revoke')) return { json: { ok: true } };
    const token = body as Body;
    const plaintext = plaintexts.length === 0 ? 'zvt_canary' : plaintexts.shift();
    return { json: { token: { ...token, ...change(token) }, plaintext_token: plaintext } };
  };
}

test('slug and duration become an id and a time, and the token prints as redacted', async () => {
  await using server = await startTestServer(tokenServer());
  await using client = testClient(server, { clock: { nowMs: Date.UTC(2026, 0, 1) } });
  const { token, plaintext } = await client.cloud.tokens.create('o', 'p', {
    name: 'ci',
    environment: 'production',
    permissions: ['read', 'write'],
    ttl: '90d',
  });
  expect(server.seen.at(-1)?.body).toMatchObject({
    name: 'ci',
    environment_id: environments[1]?.id,
    permissions: ['read', 'write'],
    expires_at: '2026-04-01T00:00:00.000Z',
  });
  expect(plaintext?.expose()).toBe('zvt_canary');
  expect(inspect({ token, plaintext })).not.toContain('canary');
});

test('an unknown environment is refused before a token is made', async () => {
  await using server = await startTestServer(tokenServer());
  await using client = testClient(server);
  await expect(client.cloud.tokens.create('o', 'p', { name: 'x', environment: 'nope' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(
    client.cloud.tokens.create('o', 'p', { name: 'x', ttl: '1h', expires_at: '2026-01-01T00:00:00Z' }),
  ).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
  expect(server.seen.filter(({ method }) => method === 'POST')).toEqual([]);
});

test.each([
  { name: 'for the whole project', change: () => ({ environment_id: null }) },
  { name: 'for another environment', change: () => ({ environment_id: environments[0]?.id }) },
  { name: 'without end', change: () => ({ expires_at: null }) },
  { name: 'with a later end', change: () => ({ expires_at: '2099-01-01T00:00:00Z' }) },
])('a token that a server makes $name instead is revoked', async ({ change }) => {
  await using server = await startTestServer(tokenServer(change));
  await using client = testClient(server);
  const asked = { name: 'x', environment: 'production', ttl: '1h' };
  await expect(client.cloud.tokens.create('o', 'p', asked)).rejects.toMatchObject({
    code: 'BAD_ANSWER',
    message: expect.stringContaining('revoked'),
  });
  const [create, revoke] = server.seen.filter(({ method }) => method === 'POST');
  expect(revoke?.path).toBe(`/v1/cloud/orgs/o/projects/p/tokens/${bodyOf(create).id}/revoke`);
});

test('times that differ only in their precision are the same', async () => {
  const change = ({ expires_at }: Body): object => ({ expires_at: expires_at?.replace('Z', '000+00:00') });
  await using server = await startTestServer(tokenServer(change));
  await using client = testClient(server);
  await expect(client.cloud.tokens.create('o', 'p', { name: 'x', ttl: '1h' })).resolves.toHaveProperty('plaintext');
});

test('a token whose text was lost on the way is revoked, and another made', async () => {
  await using server = await startTestServer(tokenServer(undefined, [null, 'zvt_second']));
  await using client = testClient(server);
  const { plaintext, token } = await client.cloud.tokens.create('o', 'p', { name: 'x' });
  expect(plaintext?.expose()).toBe('zvt_second');
  const [first, revoke, second] = server.seen;
  expect(revoke?.path).toContain(`${bodyOf(first).id}/revoke`);
  expect(token.id).toBe(bodyOf(second).id);
  expect(token.id).not.toBe(bodyOf(first).id);
});

test("a creation by the caller's own id answers the object that there is", async () => {
  const id = '55555555-5555-4555-8555-555555555555';
  await using server = await startTestServer(tokenServer(undefined, [null]));
  await using client = testClient(server);
  const { plaintext, token } = await client.cloud.tokens.create('o', 'p', { name: 'x', id });
  expect([plaintext, token.id]).toEqual([undefined, id]);
  expect(server.seen).toHaveLength(1);
});
