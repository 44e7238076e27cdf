// The JSON bodies of the HTTP API. Field names and their presence are a contract with clients that are not ours
// (docs/compatibility.md): all fields of an answer are always there, `null` where there is nothing.

import {
  anyOf,
  array,
  boolean,
  type Infer,
  integer,
  literal,
  mapOf,
  named,
  nullable,
  object,
  optional,
  string,
} from './schema.ts';
import { permissions, roles } from './words.ts';

const uuid = string({ format: 'uuid' });
const time = string({ format: 'date-time' });
const creationId = optional(
  string({ format: 'uuid', description: 'Made by the client; the same body again answers the same object' }),
);

const role = literal(roles);
const permissionList = array(literal(permissions));

export const actorShape = named(
  'Actor',
  object({
    type: literal(['root', 'user', 'service_token', 'vault_token', 'system', 'anonymous']),
    id: string(),
    issuer: nullable(string()),
    token_id: nullable(string()),
    via: string(),
  }),
);

export const errorShape = named(
  'Error',
  object({ error: string({ description: 'A code of the closed table' }), message: string() }),
);
export type ErrorBody = Infer<typeof errorShape>;

export const orgShape = named(
  'Organization',
  object({
    id: uuid,
    name: string(),
    slug: string(),
    owner_id: string(),
    tier: string(),
    created_at: time,
    updated_at: time,
  }),
);
export type Org = Infer<typeof orgShape>;

export const memberShape = named(
  'Member',
  object({
    id: uuid,
    org_id: uuid,
    user_id: nullable(string({ description: 'The `sub` of the person; null while the invitation is pending' })),
    email: string(),
    role,
    invited_at: time,
    accepted_at: nullable(time),
  }),
);
export type Member = Infer<typeof memberShape>;

export const projectShape = named(
  'Project',
  object({
    id: uuid,
    org_id: uuid,
    name: string(),
    slug: string(),
    description: string(),
    created_at: time,
    updated_at: time,
  }),
);
export type Project = Infer<typeof projectShape>;

export const environmentShape = named(
  'Environment',
  object({
    id: uuid,
    project_id: uuid,
    name: string(),
    slug: string(),
    sort_order: integer(),
    secret_count: integer({ minimum: 0 }),
    created_at: time,
  }),
);
export type Environment = Infer<typeof environmentShape>;

export const secretKeyShape = named(
  'SecretKey',
  object({ key: string(), version: integer({ minimum: 1 }), comment: string(), updated_at: time, id: uuid }),
);
export type SecretKey = Infer<typeof secretKeyShape>;

export const secretEntryShape = named(
  'SecretEntry',
  object({
    key: string(),
    value: string(),
    version: integer({ minimum: 1 }),
    comment: string(),
    created_at: time,
    updated_at: time,
    id: uuid,
  }),
);
export type SecretEntry = Infer<typeof secretEntryShape>;

/** What a write answers: the value comes back only to who may read it. */
export const writtenSecretShape = named(
  'WrittenSecret',
  object({
    key: string(),
    value: optional(string({ description: 'Absent when the token may not read' })),
    version: integer({ minimum: 1 }),
    comment: string(),
    created_at: time,
    updated_at: time,
    id: uuid,
  }),
);
export type WrittenSecret = Infer<typeof writtenSecretShape>;

export const versionShape = named(
  'SecretVersion',
  object({
    version: integer({ minimum: 1 }),
    id: uuid,
    comment: string(),
    created_at: time,
    created_by: actorShape,
  }),
);
export type SecretVersion = Infer<typeof versionShape>;

export const tokenShape = named(
  'ServiceToken',
  object({
    id: uuid,
    project_id: uuid,
    environment_id: nullable(uuid),
    environment: nullable(string({ description: 'Slug of the environment; null for the whole project' })),
    name: string(),
    token_prefix: string(),
    permissions: permissionList,
    expires_at: nullable(time),
    last_used_at: nullable(time),
    created_by: nullable(string()),
    created_at: time,
    revoked_at: nullable(time),
  }),
);
export type ServiceToken = Infer<typeof tokenShape>;

export const auditShape = named(
  'AuditEntry',
  object({
    id: uuid,
    org_id: nullable(string()),
    project_id: nullable(string()),
    env_slug: nullable(string()),
    actor_id: nullable(string()),
    actor_type: string(),
    action: string(),
    resource: string(),
    detail: string(),
    ip_address: nullable(string()),
    user_agent: nullable(string()),
    created_at: time,
    cursor: string({ description: 'Give it as `after` to read on' }),
  }),
);
export type AuditEntry = Infer<typeof auditShape>;

export const meShape = named(
  'Identity',
  object({
    user_id: string(),
    email: string(),
    auth_type: string({ description: '`service_token`, `jwt` or `root`' }),
    org_id: nullable(string()),
    org_slug: nullable(string()),
    project_id: nullable(string()),
    project_slug: nullable(string()),
    environment: nullable(string()),
    permissions: permissionList,
    expires_at: nullable(time),
  }),
);
export type Me = Infer<typeof meShape>;

export const okShape = named('Ok', object({ ok: boolean() }));

// Requests.

const version = integer({ minimum: 1, maximum: 2_147_483_647 });
const cas = optional(
  integer({ minimum: 0, maximum: 2_147_483_647, description: 'The version that must be current; 0: must not exist' }),
);

export const createOrgBody = object({ id: creationId, name: string(), slug: string() });
export const createMemberBody = object({
  id: creationId,
  email: string(),
  role,
  user_id: optional(nullable(string())),
});
export const updateMemberBody = object({ role });
const projectFields = {
  id: creationId,
  name: string(),
  slug: optional(string({ description: 'Made from the name when left out' })),
  description: optional(string()),
  environments: optional(
    array(string(), { description: 'Slugs; without it development, staging and production', maxItems: 100 }),
  ),
};
export const createProjectBody = object(projectFields);
export const createProjectByOrgBody = object({
  ...projectFields,
  org: optional(string({ description: 'Slug or id' })),
});
export const updateProjectBody = object({
  name: optional(string()),
  slug: optional(string()),
  description: optional(string()),
});
export const createEnvironmentBody = object({ id: creationId, name: optional(string()), slug: string() });
export const updateEnvironmentBody = object({
  name: optional(string()),
  slug: optional(string()),
  sort_order: optional(integer({ minimum: -1_000_000, maximum: 1_000_000 })),
});
export const createTokenBody = object({
  id: creationId,
  name: string(),
  environment_id: optional(nullable(uuid)),
  environment: optional(nullable(string({ description: 'Slug or id' }))),
  permissions: optional(permissionList),
  expires_at: optional(nullable(time)),
  ttl: optional(nullable(string({ description: 'An integer and one of s m h d w y' }))),
});
export const putSecretBody = object({ value: string(), comment: optional(string()), cas });
export const putOneByProjectBody = object({
  key: string(),
  value: string(),
  comment: optional(string()),
  cas,
  env: optional(string()),
  environment: optional(string()),
});
export const putManyByProjectBody = object({
  secrets: array(object({ key: string(), value: string(), comment: optional(string()), cas }), { maxItems: 50_000 }),
  env: optional(string()),
  environment: optional(string()),
});
export const putByProjectBody = anyOf(putOneByProjectBody, putManyByProjectBody);
export const rollbackBody = object({ version, cas });
const putOperation = object({ op: literal(['put']), key: string(), value: string(), comment: optional(string()), cas });
const deleteOperation = object({ op: literal(['delete']), key: string(), cas });
export const batchBody = object({ operations: array(anyOf(putOperation, deleteOperation), { maxItems: 50_000 }) });
export type BatchBody = Infer<typeof batchBody>;
export const initBody = object({
  shares: integer({ minimum: 0, maximum: 255 }),
  threshold: integer({ minimum: 0, maximum: 255 }),
  key_file: optional(boolean({ description: 'Also make a key slot for a key file and answer its key' })),
  passphrase: optional(string({ description: 'Also make a key slot for this passphrase (Argon2id)' })),
  recovery_code: optional(boolean({ description: 'Also make a key slot for a recovery code and answer the code' })),
});
export const unsealBody = object({
  share: optional(string()),
  shares: optional(array(string(), { maxItems: 255 })),
  key: optional(string({ description: 'The content of a key file' })),
  passphrase: optional(string()),
  recovery_code: optional(string()),
  reset: optional(boolean()),
});
/** What a command asks for when it sends a person to the sign-in page; the forms of that page carry it on. */
const loginFields = {
  port: optional(string()),
  state: optional(string()),
  code_challenge: optional(string()),
};
export const loginTokenBody = object({ token: string(), ...loginFields });
export const loginOidcBody = object({
  issuer: string({ description: 'One of the configured issuers, as the page offers it' }),
  ...loginFields,
});
export const loginExchangeBody = object({
  code: string({ description: 'The one-time code, as the browser brought it' }),
  code_verifier: string({ description: 'What the `code_challenge` was made of (RFC 7636, S256)' }),
});

// Answers.

export const orgsReply = object({ organizations: array(orgShape) });
export const membersReply = object({ members: array(memberShape) });
export const projectsReply = object({ projects: array(projectShape) });
export const environmentsReply = object({ environments: array(environmentShape) });
export const tokensReply = object({ tokens: array(tokenShape) });
export const tokenCreatedReply = object({
  token: anyOf(tokenShape, string()),
  plaintext_token: nullable(string({ description: 'Null when a repeated request answers a token made before' })),
  service_token: optional(tokenShape),
});
export const keysReply = object({
  keys: array(secretKeyShape),
  secrets: optional(
    array(secretEntryShape, { description: 'With `include=values`, or where the server is set to send it' }),
  ),
});
export const secretsReply = object({ secrets: array(secretEntryShape), keys: array(secretKeyShape) });
export const secretReply = object({ secret: secretEntryShape });
export const writtenReply = object({ secret: writtenSecretShape });
export const writtenManyReply = anyOf(writtenReply, object({ secrets: array(writtenSecretShape) }));
export const versionsReply = object({ versions: array(versionShape) });
const batchResult = object({
  op: literal(['put', 'delete']),
  key: string(),
  version: integer({ minimum: 1 }),
  id: uuid,
});
export const batchReply = object({ results: array(batchResult), revision: integer({ minimum: 0 }) });
export const auditArrayReply = array(auditShape);
export const auditReply = object({ entries: array(auditShape), total: integer({ minimum: 0 }) });
export const healthReply = object({ status: literal(['ok']) });
export const sealStatusReply = object({
  initialized: boolean(),
  sealed: boolean(),
  threshold: integer(),
  shares: integer(),
  progress: integer(),
});
export type SealStatus = Infer<typeof sealStatusReply>;
export const initReply = object({
  unseal_shares: array(string()),
  root_token: string(),
  key_file: optional(string({ description: '32 random bytes, base64url' })),
  recovery_code: optional(string()),
});
export type InitReply = Infer<typeof initReply>;
export const unsealReply = object({ sealed: boolean(), threshold: integer(), progress: integer() });
export const licenseReply = object({
  tier: string(),
  licensed: boolean(),
  license_id: nullable(string()),
  email: nullable(string()),
  expires_at: nullable(string()),
});
export const auditLogReply = object({
  entries: array(mapOf(anyOf(string(), object({}), nullable(integer())))),
  count: integer({ minimum: 0 }),
  next: nullable(string({ description: 'Give it as "after" for older records; null at the end' })),
});
export const loginExchangeReply = object({
  token: string(),
  session: boolean({ description: 'True for a session of a person, false for a token that the person gave' }),
  expires_at: nullable(time),
});
export const auditKeyReply = object({
  key_id: string({ description: 'First 16 hex digits of the SHA-256 of the key in SPKI' }),
  public_key: string({ description: 'Ed25519, in PEM' }),
});
const hexDigest = { pattern: '^[0-9a-f]{64}$' };
export const auditVerifyBody = object({
  heads: optional(boolean({ description: 'Answer the last lines of all chains too', default: false })),
  lines: array(
    object({
      chain: string({ format: 'uuid' }),
      id: string({ format: 'uuid' }),
      digest: string({ ...hexDigest, description: 'As docs/storage-format.md computes it' }),
      mac: string(hexDigest),
    }),
    { maxItems: 5000 },
  ),
});
export const auditVerifyReply = object({
  wrong: array(string(), { description: 'Ids of lines whose MAC does not belong to their digest' }),
  unknown: array(string(), { description: 'Chains that this vault has no key of' }),
  heads: optional(
    array(
      object({ chain: string(), seq: integer({ minimum: 1 }), mac: string(), path: nullable(string()), at: integer() }),
      { description: 'Of every chain the last line that the vault knows' },
    ),
  ),
});
export type AuditVerifyBody = Infer<typeof auditVerifyBody>;
export type AuditVerifyReply = Infer<typeof auditVerifyReply>;
export type AuditLogReply = Infer<typeof auditLogReply>;
export type AuditKeyReply = Infer<typeof auditKeyReply>;
