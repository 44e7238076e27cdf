// For each route a request that succeeds for whoever may make it, with everything it needs made anew by root. And which class
// of access the route belongs to, written down from the contract and the design, not taken from the route table.

import { randomUUID } from 'node:crypto';
import type { RouteId } from '../src/wire/routes.ts';
import { type TestVault, type Workspace } from '../../test/support/vault.ts';

/** Columns of the table in access.test.ts. */
export type AccessClass =
  | 'open'
  | 'vault'
  | 'self'
  | 'self-policy'
  // Of JWT roles: like the classes of people, but in either header.
  | 'role-list'
  | 'role-viewer'
  | 'role-writer'
  | 'role-admin'
  | 'anyone'
  | 'person'
  | 'viewer'
  | 'developer'
  | 'admin'
  | 'read'
  | 'write'
  | 'by-token';

interface Prepared {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Instead of `body`: the fields of an HTML form. */
  readonly form?: Readonly<Record<string, string>>;
  /** For who may; 200 when left out. */
  readonly status?: number;
}

export interface Case {
  readonly access: AccessClass;
  readonly prepare: (vault: TestVault, place: Workspace) => Prepared | Promise<Prepared>;
}

const cloud = '/v1/cloud';
const name = (): string => `n-${randomUUID()}`;
const get =
  (path: (place: Workspace) => string) =>
  (_: TestVault, place: Workspace): Prepared => ({ method: 'GET', path: path(place) });

async function freshProject(vault: TestVault, { org }: Workspace): Promise<string> {
  const slug = name();
  await vault.root('POST', `${cloud}/orgs/${org}/projects`, { name: slug, slug, environments: ['one'] });
  return `${cloud}/orgs/${org}/projects/${slug}`;
}

async function freshEnvironment(vault: TestVault, { base }: Workspace): Promise<string> {
  const slug = name();
  await vault.root('POST', `${base}/environments`, { slug });
  return `${base}/environments/${slug}`;
}

async function freshMember(vault: TestVault, { org }: Workspace): Promise<string> {
  const members = `${cloud}/orgs/${org}/members`;
  const { id } = await vault.root('POST', members, { email: `${name()}@example.com`, role: 'viewer', user_id: name() });
  return `${members}/${id}`;
}

async function freshToken(vault: TestVault, { base }: Workspace): Promise<string> {
  const { token } = await vault.root('POST', `${base}/tokens`, { name: 'fresh' });
  return `${base}/tokens/${token.id}`;
}

async function freshSecret(vault: TestVault, { env }: Workspace): Promise<string> {
  const key = name();
  await vault.root('PUT', `${env}/secrets/${key}`, { value: 'v' });
  return key;
}

async function freshVaultToken(vault: TestVault): Promise<string> {
  const made = await vault.call('POST', '/v1/auth/token/create', {
    vaultToken: vault.rootToken,
    body: { policies: ['everything'] },
  });
  return made.json.client_token as string;
}

async function freshAppRole(vault: TestVault): Promise<string> {
  const path = `/v1/auth/approle/role/${name()}`;
  await vault.call('POST', path, { vaultToken: vault.rootToken, body: { policies: ['everything'] } });
  return path;
}

const jwtRole = ({ org, project }: Workspace): object => ({
  issuer: 'https://ci.example.com',
  audience: 'zvault',
  bound_claims: { sub: 'job' },
  org,
  project,
});

async function freshJwtRole(vault: TestVault, place: Workspace): Promise<string> {
  const path = `/v1/auth/jwt/role/${name()}`;
  await vault.root('PUT', path, jwtRole(place));
  return path;
}

async function freshKv(vault: TestVault): Promise<string> {
  const path = name();
  await vault.operate('POST', `/v1/secret/data/${path}`, { data: { K: 'v' } });
  return path;
}

async function freshMount(vault: TestVault): Promise<string> {
  const mount = name();
  await vault.operate('POST', `/v1/sys/mounts/${mount}`, { engine_type: 'kv' });
  return mount;
}

async function freshKey(vault: TestVault, type = 'aes256-gcm96'): Promise<string> {
  const key = name();
  await vault.operate('POST', `/v1/transit/keys/${key}`, { type });
  return key;
}

async function freshCiphertext(vault: TestVault): Promise<{ key: string; ciphertext: string }> {
  const key = await freshKey(vault);
  const { ciphertext } = await vault.operate('POST', `/v1/transit/encrypt/${key}`, { plaintext: 'YQ==' });
  return { key, ciphertext };
}

async function freshLease(vault: TestVault): Promise<{ lease_id: string }> {
  const { lease_id } = await vault.operate('POST', '/v1/sys/leases/create', { engine_path: 'secret/data/x' });
  return { lease_id };
}

/** A request of the vault API about something made anew. */
function fresh<T>(
  make: (vault: TestVault) => Promise<T>,
  method: string,
  request: (made: T) => Omit<Prepared, 'method'>,
): Case {
  return { access: 'vault', prepare: async (vault) => ({ method, ...request(await make(vault)) }) };
}
const postKv = (route: string): Case =>
  fresh(freshKv, 'POST', (path) => ({ path: `/v1/secret/${route}/${path}`, body: { versions: [1] }, status: 204 }));

async function asRoot(vault: TestVault, method: string, path: string, body?: unknown): Promise<unknown> {
  return (await vault.call(method, path, { vaultToken: vault.rootToken, body })).json as unknown;
}

async function slotIds(vault: TestVault): Promise<string[]> {
  const { slots } = (await asRoot(vault, 'GET', '/v1/sys/key-slots')) as { slots: { id: string }[] };
  return slots.map(({ id }) => id);
}

/** All but the first two: those are what the vault was made with, if it was. */
async function removeOwnSlots(vault: TestVault): Promise<void> {
  for (const id of (await slotIds(vault)).slice(2)) await asRoot(vault, 'DELETE', `/v1/sys/key-slots/${id}`);
}

const byProject = ({ projectId }: Workspace): string => `${cloud}/projects/${projectId}`;
const me = { access: 'anyone', prepare: get(() => `${cloud}/me`) } as const;
const open = (path: string): Case => ({ access: 'open', prepare: get(() => path) });
const tokenBody = (): object => ({ name: name(), ttl: '1h', environment: 'staging' });

export const cases: Readonly<Record<RouteId, Case>> = {
  'health.get': open('/health'),
  'openapi.get': open('/v1/openapi.json'),
  'metrics.get': open('/v1/metrics'),
  'sys.metrics': open('/v1/sys/metrics'),
  'sys.health': open('/v1/sys/health'),
  'sys.seal-status': open('/v1/sys/seal-status'),
  'sys.license': open('/v1/sys/license'),
  'sys.init': {
    access: 'open',
    prepare: () => ({ method: 'POST', path: '/v1/sys/init', body: { shares: 3, threshold: 2 }, status: 409 }),
  },
  'sys.unseal': {
    access: 'open',
    prepare: () => ({ method: 'POST', path: '/v1/sys/unseal', body: { passphrase: 'a passphrase' }, status: 409 }),
  },
  'sys.seal': { access: 'vault', prepare: () => ({ method: 'POST', path: '/v1/sys/seal', status: 204 }) },
  'sys.audit-log': { access: 'vault', prepare: get(() => '/v1/sys/audit-log?limit=1') },
  'sys.audit-key': { access: 'vault', prepare: get(() => '/v1/sys/audit/key') },
  'sys.audit-verify': {
    access: 'vault',
    prepare: () => ({ method: 'POST', path: '/v1/sys/audit/verify', body: { lines: [] } }),
  },

  'policies.list': { access: 'vault', prepare: get(() => '/v1/sys/policies') },
  'policies.read': { access: 'vault', prepare: get(() => '/v1/sys/policies/default') },
  'policies.write': {
    access: 'vault',
    prepare: () => ({
      method: 'POST',
      path: `/v1/sys/policies/${name()}`,
      body: { rules: [{ path: 'a', capabilities: ['read'] }] },
      status: 204,
    }),
  },
  'policies.delete': {
    access: 'vault',
    prepare: () => ({ method: 'DELETE', path: `/v1/sys/policies/${name()}`, status: 204 }),
  },
  'vault-tokens.create': {
    access: 'vault',
    prepare: () => ({ method: 'POST', path: '/v1/auth/token/create', body: { policies: ['everything'] } }),
  },
  'vault-tokens.lookup': {
    access: 'vault',
    prepare: async (vault) => ({
      method: 'POST',
      path: '/v1/auth/token/lookup',
      body: { token: await freshVaultToken(vault) },
    }),
  },
  'vault-tokens.renew': {
    access: 'vault',
    prepare: async (vault) => ({
      method: 'POST',
      path: '/v1/auth/token/renew',
      body: { token: await freshVaultToken(vault) },
    }),
  },
  'vault-tokens.revoke': {
    access: 'vault',
    prepare: async (vault) => ({
      method: 'POST',
      path: '/v1/auth/token/revoke',
      body: { token: await freshVaultToken(vault) },
      status: 204,
    }),
  },
  'vault-tokens.lookup-self': {
    access: 'self-policy',
    prepare: () => ({ method: 'POST', path: '/v1/auth/token/lookup-self' }),
  },
  // A duration that none takes: nobody's token is changed.
  'vault-tokens.renew-self': {
    access: 'self-policy',
    prepare: () => ({ method: 'POST', path: '/v1/auth/token/renew-self', body: { increment: '-1' }, status: 400 }),
  },
  'vault-tokens.revoke-self': {
    access: 'self',
    prepare: () => ({ method: 'POST', path: '/v1/auth/token/revoke-self', status: 204 }),
  },
  'vault-tokens.capabilities-self': {
    access: 'self',
    prepare: () => ({
      method: 'POST',
      path: '/v1/auth/token/capabilities-self',
      body: { path: 'a', capability: 'read' },
    }),
  },
  'app-roles.list': { access: 'vault', prepare: get(() => '/v1/auth/approle/role') },
  'app-roles.write': {
    access: 'vault',
    prepare: () => ({
      method: 'POST',
      path: `/v1/auth/approle/role/${name()}`,
      body: { policies: ['everything'] },
    }),
  },
  'app-roles.read': {
    access: 'vault',
    prepare: async (vault) => ({ method: 'GET', path: await freshAppRole(vault) }),
  },
  'app-roles.delete': {
    access: 'vault',
    prepare: async (vault) => ({ method: 'DELETE', path: await freshAppRole(vault) }),
  },
  'app-roles.role-id': {
    access: 'vault',
    prepare: async (vault) => ({ method: 'GET', path: `${await freshAppRole(vault)}/role-id` }),
  },
  'app-roles.secret-id': {
    access: 'vault',
    prepare: async (vault) => ({ method: 'POST', path: `${await freshAppRole(vault)}/secret-id` }),
  },
  'app-roles.login': {
    access: 'open',
    prepare: () => ({
      method: 'POST',
      path: '/v1/auth/approle/login',
      body: { role_id: 'none', secret_id: 'none' },
      status: 404,
    }),
  },
  'jwt-roles.list': { access: 'role-list', prepare: get(() => '/v1/auth/jwt/role') },
  'jwt-roles.read': {
    access: 'role-viewer',
    prepare: async (vault, place) => ({ method: 'GET', path: await freshJwtRole(vault, place) }),
  },
  'jwt-roles.write': {
    access: 'role-writer',
    prepare: (_, place) => ({ method: 'POST', path: `/v1/auth/jwt/role/${name()}`, body: jwtRole(place) }),
  },
  'jwt-roles.put': {
    access: 'role-writer',
    prepare: (_, place) => ({ method: 'PUT', path: `/v1/auth/jwt/role/${name()}`, body: jwtRole(place) }),
  },
  'jwt-roles.delete': {
    access: 'role-admin',
    prepare: async (vault, place) => ({ method: 'DELETE', path: await freshJwtRole(vault, place), status: 204 }),
  },
  'jwt.login': {
    access: 'open',
    prepare: () => ({ method: 'POST', path: '/v1/auth/jwt/login', body: { role: 'none', jwt: 'none' }, status: 401 }),
  },

  // A vault in memory has no shares: who may pass is told so.
  'sys.rekey': {
    access: 'vault',
    prepare: () => ({
      method: 'POST',
      path: '/v1/sys/rekey',
      body: { shares: 3, threshold: 2, unseal_shares: [] },
      status: 400,
    }),
  },
  'sys.generate-root': {
    access: 'open',
    prepare: () => ({ method: 'POST', path: '/v1/sys/generate-root', body: { shares: [] }, status: 400 }),
  },
  'key-slots.list': { access: 'vault', prepare: get(() => '/v1/sys/key-slots') },
  'key-slots.add': {
    access: 'vault',
    prepare: async (vault) => {
      await removeOwnSlots(vault);
      return { method: 'POST', path: '/v1/sys/key-slots', body: { kind: 'key' } };
    },
  },
  'key-slots.remove': {
    access: 'vault',
    prepare: async (vault) => {
      await removeOwnSlots(vault);
      for (const kind of ['key', 'recovery']) await asRoot(vault, 'POST', '/v1/sys/key-slots', { kind });
      const id = (await slotIds(vault)).at(-1);
      return { method: 'DELETE', path: `/v1/sys/key-slots/${id}`, status: 204 };
    },
  },
  'sys.rotate': { access: 'vault', prepare: () => ({ method: 'POST', path: '/v1/sys/rotate' }) },
  'sys.rotation': { access: 'vault', prepare: get(() => '/v1/sys/rotate') },
  'sys.backup': {
    access: 'vault',
    prepare: async (vault) => {
      await removeOwnSlots(vault);
      await asRoot(vault, 'POST', '/v1/sys/key-slots', { kind: 'key' });
      return { method: 'GET', path: '/v1/sys/backup' };
    },
  },
  'sys.restore': {
    access: 'vault',
    prepare: () => ({ method: 'POST', path: '/v1/sys/restore', body: { snapshot: 'bm9uZQ==' }, status: 400 }),
  },
  'sys.restore-status': { access: 'vault', prepare: get(() => '/v1/sys/restore') },
  'sys.restore-cancel': {
    access: 'vault',
    prepare: () => ({ method: 'DELETE', path: '/v1/sys/restore', status: 404 }),
  },

  'me.get': me,
  'auth.me': { ...me, prepare: get(() => `${cloud}/auth/me`) },
  'orgs.create': {
    access: 'person',
    prepare: () => ({ method: 'POST', path: `${cloud}/orgs`, body: { name: 'n', slug: name() } }),
  },
  'orgs.list': { access: 'person', prepare: get(() => `${cloud}/orgs`) },
  'orgs.get': { access: 'viewer', prepare: get(({ org }) => `${cloud}/orgs/${org}`) },
  'members.create': {
    access: 'admin',
    prepare: (_, { org }) => ({
      method: 'POST',
      path: `${cloud}/orgs/${org}/members`,
      body: { email: `${name()}@example.com`, role: 'viewer' },
    }),
  },
  'members.list': { access: 'viewer', prepare: get(({ org }) => `${cloud}/orgs/${org}/members`) },
  'members.update': {
    access: 'admin',
    prepare: async (vault, place) => ({
      method: 'PATCH',
      path: await freshMember(vault, place),
      body: { role: 'admin' },
    }),
  },
  'members.delete': {
    access: 'admin',
    prepare: async (vault, place) => ({ method: 'DELETE', path: await freshMember(vault, place) }),
  },

  'projects.create': {
    access: 'developer',
    prepare: (_, { org }) => ({ method: 'POST', path: `${cloud}/orgs/${org}/projects`, body: { name: name() } }),
  },
  'projects.list': { access: 'viewer', prepare: get(({ org }) => `${cloud}/orgs/${org}/projects`) },
  'projects.get': { access: 'viewer', prepare: get(({ base }) => base) },
  'projects.update': {
    access: 'developer',
    prepare: async (vault, place) => ({
      method: 'PATCH',
      path: await freshProject(vault, place),
      body: { description: 'new' },
    }),
  },
  'projects.delete': {
    access: 'developer',
    prepare: async (vault, place) => ({ method: 'DELETE', path: await freshProject(vault, place) }),
  },
  'projects.restore': {
    access: 'developer',
    prepare: async (vault, place) => {
      const path = await freshProject(vault, place);
      await vault.root('DELETE', path);
      return { method: 'POST', path: `${path}/restore` };
    },
  },
  'environments.list': { access: 'viewer', prepare: get(({ base }) => `${base}/environments`) },
  'environments.create': {
    access: 'developer',
    prepare: (_, { base }) => ({ method: 'POST', path: `${base}/environments`, body: { slug: name() } }),
  },
  'environments.update': {
    access: 'developer',
    prepare: async (vault, place) => ({
      method: 'PATCH',
      path: await freshEnvironment(vault, place),
      body: { name: 'new' },
    }),
  },
  'environments.delete': {
    access: 'developer',
    prepare: async (vault, place) => ({ method: 'DELETE', path: await freshEnvironment(vault, place) }),
  },
  'environments.restore': {
    access: 'developer',
    prepare: async (vault, place) => {
      const path = await freshEnvironment(vault, place);
      await vault.root('DELETE', path);
      return { method: 'POST', path: `${path}/restore` };
    },
  },
  'audit.list': { access: 'viewer', prepare: get(({ base }) => `${base}/audit?limit=1`) },

  'secrets.list': { access: 'read', prepare: get(({ env }) => `${env}/secrets?include=values`) },
  'secrets.get': { access: 'read', prepare: get(({ env }) => `${env}/secrets/K`) },
  'secrets.versions': { access: 'read', prepare: get(({ env }) => `${env}/secrets/K/versions`) },
  // HEAD: the answer to GET does not end.
  'secrets.events': { access: 'read', prepare: (_, { env }) => ({ method: 'HEAD', path: `${env}/events` }) },
  'secrets.put': {
    access: 'write',
    prepare: (_, { env }) => ({ method: 'PUT', path: `${env}/secrets/${name()}`, body: { value: 'v' } }),
  },
  'secrets.delete': {
    access: 'write',
    prepare: async (vault, place) => ({
      method: 'DELETE',
      path: `${place.env}/secrets/${await freshSecret(vault, place)}`,
    }),
  },
  'secrets.rollback': {
    access: 'write',
    prepare: async (vault, place) => ({
      method: 'POST',
      path: `${place.env}/secrets/${await freshSecret(vault, place)}/rollback`,
      body: { version: 1 },
    }),
  },
  'secrets.restore': {
    access: 'write',
    prepare: async (vault, place) => {
      const path = `${place.env}/secrets/${await freshSecret(vault, place)}`;
      await vault.root('DELETE', path);
      return { method: 'POST', path: `${path}/restore` };
    },
  },
  'secrets.batch': {
    access: 'write',
    prepare: (_, { env }) => ({
      method: 'POST',
      path: `${env}/batch`,
      body: { operations: [{ op: 'put', key: name(), value: 'v' }] },
    }),
  },

  'tokens.create': {
    access: 'developer',
    prepare: (_, { base }) => ({ method: 'POST', path: `${base}/tokens`, body: tokenBody() }),
  },
  'tokens.list': { access: 'viewer', prepare: get(({ base }) => `${base}/tokens`) },
  'tokens.revoke': {
    access: 'developer',
    prepare: async (vault, place) => ({ method: 'POST', path: `${await freshToken(vault, place)}/revoke` }),
  },
  'tokens.delete': {
    access: 'developer',
    prepare: async (vault, place) => ({ method: 'DELETE', path: await freshToken(vault, place) }),
  },

  'bulk.by-token': { access: 'by-token', prepare: get(() => `${cloud}/secrets?env=development`) },
  'bulk.by-org': { access: 'read', prepare: get(({ base }) => `${base}/secrets?environment=development`) },
  'bulk.put-by-org': {
    access: 'write',
    prepare: (_, { base }) => ({
      method: 'PUT',
      path: `${base}/secrets`,
      body: { key: name(), value: 'v', environment: 'development' },
    }),
  },
  'bulk.by-project': { access: 'read', prepare: get((place) => `${byProject(place)}/secrets?env=development`) },
  'bulk.put-by-project': {
    access: 'write',
    prepare: (_, place) => ({
      method: 'PUT',
      path: `${byProject(place)}/secrets`,
      body: { secrets: [{ key: name(), value: 'v' }], env: 'development' },
    }),
  },
  'project-secrets.get': {
    access: 'read',
    prepare: get((place) => `${byProject(place)}/secrets/K?env=development`),
  },
  'project-secrets.delete': {
    access: 'write',
    prepare: async (vault, place) => ({
      method: 'DELETE',
      path: `${byProject(place)}/secrets/${await freshSecret(vault, place)}?env=development`,
    }),
  },
  'project-list.list': { access: 'person', prepare: get(() => `${cloud}/projects`) },
  'project-list.create': {
    access: 'developer',
    prepare: (_, { org }) => ({ method: 'POST', path: `${cloud}/projects`, body: { name: name(), org } }),
  },
  'project-tokens.create': {
    access: 'developer',
    prepare: (_, place) => ({ method: 'POST', path: `${byProject(place)}/tokens`, body: tokenBody() }),
  },
  'project-audit.list': { access: 'viewer', prepare: get((place) => `${byProject(place)}/audit?limit=1`) },

  'kv.read': fresh(freshKv, 'GET', (path) => ({ path: `/v1/secret/data/${path}` })),
  'kv.write': fresh(freshKv, 'POST', (path) => ({ path: `/v1/secret/data/${path}`, body: { data: { K: 'new' } } })),
  'kv.delete': fresh(freshKv, 'DELETE', (path) => ({ path: `/v1/secret/data/${path}`, status: 204 })),
  'kv.metadata': fresh(freshKv, 'GET', (path) => ({ path: `/v1/secret/metadata/${path}` })),
  'kv.erase': fresh(freshKv, 'DELETE', (path) => ({ path: `/v1/secret/metadata/${path}`, status: 204 })),
  'kv.list': { access: 'vault', prepare: get(() => '/v1/secret/list/n') },
  'kv.list-all': { access: 'vault', prepare: get(() => '/v1/secret/list') },
  'kv.list-root': { access: 'vault', prepare: get(() => '/v1/secret/list/') },
  'kv.undelete': postKv('undelete'),
  'kv.destroy': postKv('destroy'),

  'mounts.list': { access: 'vault', prepare: get(() => '/v1/sys/mounts') },
  'mounts.create': {
    access: 'vault',
    prepare: () => ({ method: 'POST', path: `/v1/sys/mounts/${name()}`, body: { engine_type: 'kv' }, status: 204 }),
  },
  'mounts.delete': fresh(freshMount, 'DELETE', (mount) => ({ path: `/v1/sys/mounts/${mount}`, status: 204 })),

  'leases.list': { access: 'vault', prepare: get(() => '/v1/sys/leases?limit=1') },
  'leases.create': {
    access: 'vault',
    prepare: () => ({ method: 'POST', path: '/v1/sys/leases/create', body: { engine_path: 'secret/data/x' } }),
  },
  'leases.lookup': fresh(freshLease, 'POST', (body) => ({ path: '/v1/sys/leases/lookup', body })),
  'leases.renew': fresh(freshLease, 'POST', (body) => ({ path: '/v1/sys/leases/renew', body })),
  'leases.revoke': fresh(freshLease, 'POST', (body) => ({ path: '/v1/sys/leases/revoke', body, status: 204 })),

  'transit-keys.list': { access: 'vault', prepare: get(() => '/v1/transit/keys') },
  'transit-keys.create': {
    access: 'vault',
    prepare: () => ({ method: 'POST', path: `/v1/transit/keys/${name()}`, status: 204 }),
  },
  'transit-keys.get': fresh(freshKey, 'GET', (key) => ({ path: `/v1/transit/keys/${key}` })),
  'transit-keys.rotate': fresh(freshKey, 'POST', (key) => ({ path: `/v1/transit/keys/${key}/rotate` })),
  'transit-keys.config': fresh(freshKey, 'POST', (key) => ({
    path: `/v1/transit/keys/${key}/config`,
    body: { min_decryption_version: 1 },
    status: 204,
  })),
  'transit.encrypt': fresh(freshKey, 'POST', (key) => ({
    path: `/v1/transit/encrypt/${key}`,
    body: { plaintext: 'YQ==' },
  })),
  'transit.decrypt': fresh(freshCiphertext, 'POST', ({ key, ciphertext }) => ({
    path: `/v1/transit/decrypt/${key}`,
    body: { ciphertext },
  })),
  'transit.rewrap': fresh(freshCiphertext, 'POST', ({ key, ciphertext }) => ({
    path: `/v1/transit/rewrap/${key}`,
    body: { ciphertext },
  })),
  'transit.datakey': fresh(freshKey, 'POST', (key) => ({ path: `/v1/transit/datakey/${key}` })),
  'transit.sign': fresh(
    (vault) => freshKey(vault, 'ed25519'),
    'POST',
    (key) => ({ path: `/v1/transit/sign/${key}`, body: { input: 'YQ==' } }),
  ),
  'transit.hmac': fresh(freshKey, 'POST', (key) => ({ path: `/v1/transit/hmac/${key}`, body: { input: 'YQ==' } })),
  'transit.verify': fresh(freshKey, 'POST', (key) => ({
    path: `/v1/transit/verify/${key}`,
    body: { input: 'YQ==', hmac: 'vault:v1:YQ==' },
  })),
  'login.page': open('/cli/auth?port=8300'),
  'login.token': {
    access: 'open',
    prepare: (vault) => ({ method: 'POST', path: '/cli/auth/token', form: { token: vault.rootToken } }),
  },
  'login.oidc': {
    access: 'open',
    prepare: () => ({ method: 'POST', path: '/cli/auth/oidc', form: { issuer: 'https://nobody' }, status: 400 }),
  },
  'login.callback': {
    access: 'open',
    prepare: () => ({ method: 'GET', path: '/cli/auth/callback?code=x&state=x', status: 400 }),
  },
  'login.exchange': {
    access: 'open',
    prepare: () => ({
      method: 'POST',
      path: '/cli/auth/exchange',
      body: { code: 'x', code_verifier: 'x' },
      status: 401,
    }),
  },
};
