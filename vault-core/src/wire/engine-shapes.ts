// JSON bodies of the secret engines: KV, transit, mounts, leases (contract 1.7 to 1.10).

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
import { actorShape } from './shapes.ts';
import { transitKeyTypes } from './words.ts';

const time = string({ format: 'date-time' });
const version = integer({ minimum: 1, maximum: 2_147_483_647 });

// KV. Every answer has the three members of a lease, which KV secrets do not have.

const noLease = {
  lease_id: nullable(string()),
  lease_duration: nullable(integer()),
  renewable: boolean(),
};

export const kvBody = {
  description:
    'Any JSON. The whole body is stored, except `options` beside `data`; {"options": {"cas": N}} takes the version that must be current, 0 for none',
};
export const versionsBody = object({ versions: array(version, { minItems: 1, maxItems: 100 }) });
export const kvReadReply = object({
  data: object({ data: { type: 'object' }, metadata: object({ version, created_time: time }) }),
  ...noLease,
});
export const kvWrittenReply = object({ data: object({ version, created_time: time }), ...noLease });
export const kvListReply = object({
  data: object({ keys: array(string()) }),
  ...noLease,
  keys: array(string({ description: 'The same once more' })),
});
export const kvMetadataShape = named(
  'KvMetadata',
  object({
    current_version: version,
    created_at: time,
    updated_at: time,
    version_count: integer({ minimum: 1 }),
    max_versions: integer({ minimum: 1 }),
    created_time: time,
    updated_time: time,
    versions: mapOf(
      object({ created_time: time, created_by: actorShape, deletion_time: nullable(time), destroyed: boolean() }),
      { description: 'By number' },
    ),
  }),
);
export type KvMetadata = Infer<typeof kvMetadataShape>;
export type KvListReply = Infer<typeof kvListReply>;
export type KvWrittenReply = Infer<typeof kvWrittenReply>;

// Mounts.

const mountShape = named('Mount', object({ path: string(), engine_type: string(), description: string() }));
export type Mount = Infer<typeof mountShape>;
export const mountsReply = object({ mounts: array(mountShape) });
export const mountBody = object({
  engine_type: string({ description: '`kv`' }),
  description: optional(string()),
  config: optional(nullable({ type: 'object' })),
});

// Leases.

export const leaseShape = named(
  'Lease',
  object({
    lease_id: string({ format: 'uuid' }),
    engine_path: string(),
    issued_at: time,
    ttl_secs: integer({ minimum: 0 }),
    renewable: boolean(),
    expired: boolean(),
  }),
);
export type Lease = Infer<typeof leaseShape>;
export const leaseCreateBody = object({
  engine_path: string({ description: 'What the lease is for, as in policies: `secret/data/app`' }),
  ttl_secs: optional(integer({ minimum: 1, maximum: 2_147_483_647, default: 3600 })),
  renewable: optional(boolean({ default: true })),
});
export const leaseBody = object({ lease_id: string() });
export const leaseRenewBody = object({
  lease_id: string(),
  increment: optional(integer({ minimum: 1, maximum: 2_147_483_647, default: 3600, description: 'Seconds' })),
});
export const leasesReply = object({
  leases: array(leaseShape),
  total: integer({ minimum: 0 }),
  next: nullable(string({ description: 'Give it as `after` to read on' })),
});
export type LeasesReply = Infer<typeof leasesReply>;

// Transit.

const base64 = (description: string) => string({ description: `${description}, standard base64` });

export const transitKeyBody = object({
  type: optional(string({ description: '`aes256-gcm96` or `ed25519`', default: 'aes256-gcm96' })),
});
export const transitConfigBody = object({ min_decryption_version: version });
export const transitKeysReply = object({ keys: array(string()) });
export const transitKeyShape = named(
  'TransitKey',
  object({
    name: string(),
    latest_version: version,
    min_decryption_version: version,
    supports_encryption: boolean(),
    supports_decryption: boolean(),
    version_count: integer({ minimum: 1 }),
    created_at: time,
    type: literal(transitKeyTypes),
    supports_signing: boolean(),
    keys: mapOf(object({ created_at: time, public_key: nullable(base64('Ed25519 public key')) }), {
      description: 'By version',
    }),
  }),
);
export type TransitKey = Infer<typeof transitKeyShape>;
export const transitRotateReply = object({ new_version: version });
export const plaintextBody = object({ plaintext: base64('Bytes to encrypt') });
export const ciphertextBody = object({ ciphertext: string({ description: '`vault:v1:…`' }) });
export const ciphertextReply = object({ ciphertext: string({ description: '`vault:v1:…`' }) });
export const plaintextReply = object({ plaintext: base64('The bytes') });
export const dataKeyReply = object({ plaintext: base64('32 random bytes'), ciphertext: string() });
export const inputBody = object({ input: base64('The message') });
export const signatureReply = object({ signature: string({ description: '`vault:v1:…`' }) });
export const hmacReply = object({ hmac: string({ description: '`vault:v1:…`' }) });
export const verifyBody = anyOf(
  object({ input: base64('The message'), signature: string() }),
  object({ input: base64('The message'), hmac: string() }),
);
export const validReply = object({ valid: boolean() });
