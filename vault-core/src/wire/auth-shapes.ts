// The JSON bodies of policies, tokens of the vault API, and log-ins. As in shapes.ts: all fields of an answer are always there.

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
import { permissions } from './words.ts';

const uuid = string({ format: 'uuid' });
const time = string({ format: 'date-time' });
const duration = (description: string) =>
  optional(string({ description: `${description}: an integer and one of s m h d w y; without a unit, seconds` }));
/** A hundred years. */
const maxSeconds = 3_153_600_000;

// Policies.

const ruleShape = object({
  path: string({ description: 'A glob over paths behind `/v1/`' }),
  capabilities: array(string({ description: 'read, list, create, update, delete, sudo, deny' })),
});
export const policyBody = object({ rules: array(ruleShape, { maxItems: 1000 }) });
export const policyShape = named('Policy', object({ name: string(), rules: array(ruleShape) }));
export type PolicyReply = Infer<typeof policyShape>;
export const policiesReply = object({ policies: array(string()) });
export const capabilityBody = object({
  path: string({ description: 'As it stands behind `/v1/`' }),
  capability: string(),
});
export const decisionReply = object({
  allowed: boolean(),
  policy: nullable(string({ description: 'The policy that decided; null when none speaks of the path' })),
  rule: nullable(ruleShape),
});
export type DecisionReply = Infer<typeof decisionReply>;

// Tokens.

export const createVaultTokenBody = object({
  id: optional(
    string({ format: 'uuid', description: 'Made by the client; the same body again answers the same token' }),
  ),
  policies: optional(array(string(), { description: 'Among those of the caller; `["default"]` when left out' })),
  ttl: duration('How long it lives (when left out: as long as its parent)'),
  explicit_max_ttl: duration('How long renewals can keep it alive'),
  display_name: optional(string()),
  renewable: optional(boolean()),
  metadata: optional(mapOf(string())),
  no_parent: optional(boolean({ description: 'It outlives the caller’s token; takes root' })),
});
export const vaultTokenCreatedReply = object({
  client_token: nullable(string({ description: 'Null when a repeated request answers a token made before' })),
  policies: array(string()),
  renewable: boolean(),
  lease_duration: nullable(integer({ description: 'Seconds; null: it does not end' })),
  id: uuid,
});
export const tokenLookupShape = named(
  'TokenLookup',
  object({
    token_hash: string({ description: 'SHA-256, hex' }),
    policies: array(string()),
    display_name: string(),
    renewable: boolean(),
    created_at: time,
    expires_at: nullable(time),
    id: uuid,
    type: literal(['vault', 'root', 'service']),
    ttl: nullable(integer({ description: 'Seconds that are left' })),
    max_expires_at: nullable(time),
    metadata: mapOf(string()),
  }),
);
export type TokenLookup = Infer<typeof tokenLookupShape>;
export const tokenTextBody = object({ token: string() });
const ownToken = optional(string({ description: 'The caller’s when left out' }));
export const ownTokenBody = object({ token: ownToken });
const increment = duration('From now; `1h` when left out');
export const renewBody = object({ token: optional(string()), increment });
export const renewSelfBody = object({ token: ownToken, increment });

// AppRole.

const seconds = (minimum: number) => optional(integer({ minimum, maximum: maxSeconds, description: 'Seconds' }));
export const appRoleBody = object({
  policies: array(string()),
  token_ttl_secs: seconds(1),
  token_max_ttl_secs: seconds(1),
  bind_secret_id: optional(boolean({ description: 'False: the role id alone logs in' })),
  secret_id_num_uses: optional(integer({ minimum: 0, maximum: 1_000_000_000, description: '0: any number' })),
  secret_id_ttl_secs: seconds(0),
});
export const appRoleWrittenReply = object({ role_id: uuid, status: literal(['ok']) });
export const appRoleShape = named(
  'AppRole',
  object({
    name: string(),
    role_id: uuid,
    policies: array(string()),
    token_ttl_secs: integer(),
    token_max_ttl_secs: integer(),
    bind_secret_id: boolean(),
    secret_id_num_uses: integer(),
    secret_id_ttl_secs: integer(),
  }),
);
export const namesReply = object({ keys: array(string()) });
export const roleIdReply = object({ role_id: uuid });
export const secretIdReply = object({ secret_id: uuid });
export const deletedReply = object({ status: literal(['deleted']) });
export const appRoleLoginBody = object({ role_id: string(), secret_id: string() });
export const appRoleLoginReply = object({
  client_token: string(),
  token_hash: string(),
  policies: array(string()),
  ttl: integer({ description: 'Seconds' }),
  renewable: boolean(),
});

// Log-in with an identity token.

const preset = literal(['bitbucket', 'buildkite', 'circleci', 'github', 'gitlab']);
const permissionList = array(literal(permissions));
export const jwtRoleBody = object({
  preset: optional(nullable(preset)),
  issuer: optional(
    nullable(string({ description: 'The `iss` of its tokens; the preset knows it for most platforms' })),
  ),
  audience: string({ description: 'A token’s `aud` must hold it' }),
  bound_claims: mapOf(anyOf(string(), array(string())), {
    description: 'By claim: values that it may have. A value that stands alone may hold `*`, for any characters',
  }),
  org: optional(nullable(string({ description: 'Slug or id; can be left out where the project is unambiguous' }))),
  project: string({ description: 'Slug or id' }),
  environment: optional(nullable(string({ description: 'Slug or id; the whole project when left out' }))),
  permissions: optional(permissionList),
  ttl: duration('How long its tokens live, 24h at most; `15m` when left out'),
});
export type JwtRoleBody = Infer<typeof jwtRoleBody>;
export const jwtRoleShape = named(
  'JwtRole',
  object({
    id: string(),
    name: string(),
    preset: nullable(preset),
    issuer: string(),
    audience: string(),
    bound_claims: mapOf(array(string())),
    org: string(),
    org_id: uuid,
    project: string(),
    project_id: uuid,
    environment: nullable(string()),
    environment_id: nullable(uuid),
    permissions: permissionList,
    ttl: string(),
    created_at: time,
    updated_at: time,
  }),
);
export type JwtRole = Infer<typeof jwtRoleShape>;
export const jwtRolesReply = object({ keys: array(string()), roles: array(jwtRoleShape) });
export const jwtLoginBody = object({ role: string(), jwt: string() });
export const jwtLoginReply = object({
  client_token: string({ description: 'A service token, for the cloud API' }),
  expires_at: time,
  revoke: string({ description: 'POST there with the token, without a body, ends it' }),
  lease_duration: integer({ description: 'Seconds' }),
  org: string(),
  org_id: uuid,
  project: string(),
  project_id: uuid,
  environment: nullable(string()),
  environment_id: nullable(uuid),
  permissions: permissionList,
});
export type JwtLogin = Infer<typeof jwtLoginReply>;
