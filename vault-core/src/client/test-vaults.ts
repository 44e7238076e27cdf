// For tests: servers of the two generations in a few lines each, holding the secrets of one environment.

import { refusal, type Answer, type Handler, type Seen } from './test-server.ts';

interface StoredSecret {
  value: string;
  version: number;
  comment: string;
  updated_at: string;
  id?: string;
}

export interface FakeVault {
  readonly secrets: Map<string, StoredSecret>;
  /** Grows with each write; the ETag of bulk reads. */
  revision: number;
  readonly handle: Handler;
  put(key: string, value: string, comment?: string): StoredSecret;
}

const orgId = '11111111-1111-4111-8111-111111111111';
const projectId = '22222222-2222-4222-8222-222222222222';
export const fakeIds = { org: orgId, project: projectId } as const;

/** A server with bulk reads, ETags, and names or ids in paths. */
export function modernVault(values: Readonly<Record<string, string>> = {}): FakeVault {
  const vault = makeVault(values, (seen) => {
    if (seen.headers.authorization !== 'Bearer zvt_test_token') return refusal(401, 'unauthorized');
    if (seen.path === '/v1/cloud/me') return { json: identity };
    if (/^\/v1\/cloud\/(secrets|projects\/[^/]+\/secrets|orgs\/[^/]+\/projects\/[^/]+\/secrets)$/.test(seen.path)) {
      return seen.method === 'GET' ? bulk(vault, seen) : { status: 405 };
    }
    return oneSecret(vault, seen) ?? { status: 404 };
  });
  return vault;
}

/** A server as it was before: ids in paths, a list of keys, one value at a time. */
export function legacyVault(values: Readonly<Record<string, string>> = {}): FakeVault {
  const vault = makeVault(values, (seen) => {
    const parts = seen.path.split('/');
    const routed = /^\/v1\/cloud\/(me|orgs|orgs\/[^/]+\/projects|orgs\/[^/]+\/projects\/[^/]+\/envs\/.*)$/.test(
      seen.path,
    );
    if (!routed) return { status: 404 };
    if (seen.headers.authorization !== 'Bearer zvt_test_token') return refusal(401, 'unauthorized');
    if (seen.path === '/v1/cloud/me') return { json: { user_id: 'u', email: '', auth_type: 'clerk' } };
    if (seen.path === '/v1/cloud/orgs') return { json: { organizations: [{ id: orgId, slug: 'acme' }] } };
    const notUuid = [parts[4], parts[6]].some((part) => part !== undefined && !/^[0-9a-f-]{36}$/.test(part));
    if (notUuid)
      return { status: 400, text: 'Invalid URL: UUID parsing failed', headers: { 'Content-Type': 'text/plain' } };
    if (parts.length === 6) return { json: { projects: [{ id: projectId, slug: 'app', name: 'The App' }] } };
    return oneSecret(vault, seen) ?? { status: 404 };
  });
  return vault;
}

const identity = {
  user_id: 'token-id',
  email: '',
  auth_type: 'service_token',
  org_id: orgId,
  org_slug: 'acme',
  project_id: projectId,
  project_slug: 'app',
  environment: 'prod',
  permissions: ['read', 'write'],
  expires_at: null,
};

function makeVault(values: Readonly<Record<string, string>>, handle: Handler): FakeVault {
  const secrets = new Map<string, StoredSecret>();
  const vault: FakeVault = {
    secrets,
    revision: 1,
    handle,
    put(key, value, comment = '') {
      const version = (secrets.get(key)?.version ?? 0) + 1;
      vault.revision += 1;
      const stored = { value, version, comment, updated_at: `2026-01-01T00:00:00.${vault.revision}Z` };
      secrets.set(key, stored);
      return stored;
    },
  };
  for (const [key, value] of Object.entries(values)) vault.put(key, value);
  return vault;
}

function bulk(vault: FakeVault, seen: Seen): Answer {
  const etag = `"r${vault.revision}"`;
  if (seen.headers['if-none-match'] === etag) return { status: 304, headers: { ETag: etag } };
  const entries = [...vault.secrets].map(([key, secret]) => entryOf(key, secret));
  return { json: { secrets: entries, keys: entries.map(withoutValue) }, headers: { ETag: etag } };
}

function oneSecret(vault: FakeVault, seen: Seen): Answer | undefined {
  const match = /^\/v1\/cloud\/orgs\/[^/]+\/projects\/[^/]+\/envs\/[^/]+\/secrets(?:\/([^/]+))?$/.exec(seen.path);
  if (!match) return undefined;
  if (match[1] === undefined) {
    return {
      json: { keys: [...vault.secrets].map(([key, secret]) => withoutValue(entryOf(key, secret))) },
    };
  }
  const key = decodeURIComponent(match[1]);
  if (seen.method === 'PUT') {
    const { value, comment } = seen.body as { value: string; comment?: string };
    return { json: { secret: entryOf(key, vault.put(key, value, comment)) } };
  }
  const secret = vault.secrets.get(key);
  if (secret === undefined) return refusal(404, 'not_found', 'there is no such secret');
  if (seen.method === 'DELETE') {
    vault.secrets.delete(key);
    vault.revision += 1;
    return { json: { ok: true } };
  }
  return { json: { secret: entryOf(key, secret) } };
}

function withoutValue<T extends object>(entry: T): T & { value: undefined } {
  return { ...entry, value: undefined };
}

function entryOf(key: string, secret: StoredSecret): StoredSecret & { key: string; created_at: string } {
  return { key, created_at: secret.updated_at, ...secret };
}
