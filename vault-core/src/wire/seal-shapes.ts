// Bodies of the routes that change how a vault opens: rekey, key slots, rotation, a new root token.

import {
  anyOf,
  array,
  boolean,
  type Infer,
  integer,
  literal,
  named,
  nullable,
  object,
  optional,
  string,
} from './schema.ts';
import { rotatableKeys } from './words.ts';

const time = string({ format: 'date-time' });

export const rekeyBody = object({
  shares: integer({ minimum: 0, maximum: 255 }),
  threshold: integer({ minimum: 0, maximum: 255 }),
  unseal_shares: array(string(), { maxItems: 255, description: 'Present shares, as many as the threshold' }),
});
export const rekeyReply = object({ unseal_shares: array(string()) });

const keySlotShape = named(
  'KeySlot',
  object({
    id: string({ format: 'uuid' }),
    kind: literal(['shamir', 'key', 'passphrase', 'recovery']),
    created_at: time,
    shares: nullable(integer()),
    threshold: nullable(integer()),
    rotatable: boolean({ description: 'False for a slot of the first format that has not been used since' }),
    replaced_by: nullable(
      string({ format: 'uuid', description: 'The slot that takes its place once that one is known to work' }),
    ),
  }),
);
export type KeySlotInfo = Infer<typeof keySlotShape>;
export const keySlotsReply = object({ slots: array(keySlotShape) });
const replaces = optional(string({ format: 'uuid', description: 'The slot whose place the new one takes' }));
export const keySlotBody = anyOf(
  object({ kind: literal(['passphrase']), passphrase: string(), replaces }),
  object({ kind: literal(['recovery', 'key']), replaces }),
);
export type KeySlotBody = Infer<typeof keySlotBody>;
export const keySlotCreatedReply = object({
  slot: keySlotShape,
  recovery_code: optional(string({ description: 'Answered once' })),
  key: optional(string({ description: '32 random bytes, base64url; answered once' })),
});

export const generateRootBody = object({
  shares: optional(array(string(), { maxItems: 255 })),
  recovery_code: optional(string()),
  revoke_others: optional(boolean({ description: 'Revoke every other root token' })),
});
export const generateRootReply = object({ root_token: string(), revoked: integer({ minimum: 0 }) });

export const rotateBody = object({
  what: optional(
    array(literal(rotatableKeys), { minItems: 1, maxItems: 10, description: 'Which keys; all when left out' }),
  ),
});
export const rotationReply = named(
  'Rotation',
  object({
    state: literal(['none', 'running', 'done'], { description: '`none`: no key was ever rotated' }),
    id: nullable(string({ format: 'uuid' })),
    what: array(literal(rotatableKeys)),
    started_at: nullable(time),
    finished_at: nullable(time),
    keys: integer({ minimum: 0, description: 'Old keys whose ciphertexts are being encrypted again' }),
    total: integer({ minimum: 0, description: 'Entries of the store when the pass began' }),
    scanned: integer({ minimum: 0, description: 'Entries looked at in this pass' }),
    reencrypted: integer({ minimum: 0 }),
    erased: integer({ minimum: 0, description: 'Old keys that nothing named any more, and that are gone' }),
    kept: integer({ minimum: 0, description: 'Old keys that something still names' }),
  }),
);
export type RotationStatus = Infer<typeof rotationReply>;
