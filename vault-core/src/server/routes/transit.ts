import { randomBytes } from 'node:crypto';
import { formatVaultTimestamp } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import type { TransitKey } from '../../wire/engine-shapes.ts';
import { type TransitKeyring, latestVersion } from '../engines/transit/keys.ts';
import {
  decrypt,
  encrypt,
  hmac,
  publicKeyOf,
  sign,
  verifyHmac,
  verifySignature,
} from '../engines/transit/operations.ts';
import { parseBase64 } from '../engines/transit/tagged.ts';
import { type Handler, type RequestContext, bodyOf, parameter } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import { type Soon, soon } from '../soon.ts';

interface VerifyBody {
  readonly input: string;
  readonly signature?: string;
  readonly hmac?: string;
}

export const transitHandlers = {
  'transit-keys.list': async ({ vault }) => ok({ keys: await vault.engines.transitKeys.list() }),
  'transit-keys.create': (context) => {
    const { vault, nowMs } = context;
    const name = parameter(context, 'name');
    const { type = 'aes256-gcm96' } = bodyOf<{ type?: string }>(context);
    return context.commit(async (transaction) => {
      await vault.engines.transitKeys.create(transaction, name, type, nowMs);
      return { status: 204, body: null, resource: name, data: { type } };
    });
  },
  'transit-keys.get': (context) => withKey(context, (key) => ok(keyInfo(key))),
  'transit-keys.rotate': (context) => {
    const { vault, nowMs } = context;
    const name = parameter(context, 'name');
    return context.commit(async (transaction) => {
      const version = await vault.engines.transitKeys.rotate(transaction, name, nowMs);
      return ok({ new_version: version }, { resource: name, data: { version } });
    });
  },
  'transit-keys.config': (context) => {
    const name = parameter(context, 'name');
    const { min_decryption_version: minimum } = bodyOf<{ min_decryption_version: number }>(context);
    return context.commit(async (transaction) => {
      await context.vault.engines.transitKeys.setMinimum(transaction, name, minimum);
      return { status: 204, body: null, resource: name, data: { min_decryption_version: minimum } };
    });
  },
  'transit.encrypt': (context) =>
    withKey(context, (key) => {
      const plaintext = parseBase64(bodyOf<{ plaintext: string }>(context).plaintext, '"plaintext"');
      return ok({ ciphertext: encryptAndForget(key, plaintext) });
    }),
  'transit.decrypt': (context) =>
    withKey(context, (key) => {
      const plaintext = decrypt(key, bodyOf<{ ciphertext: string }>(context).ciphertext);
      const text = plaintext.toString('base64');
      plaintext.fill(0);
      return ok({ plaintext: text });
    }),
  'transit.rewrap': (context) =>
    withKey(context, (key) =>
      ok({ ciphertext: encryptAndForget(key, decrypt(key, bodyOf<{ ciphertext: string }>(context).ciphertext)) }),
    ),
  'transit.datakey': (context) =>
    withKey(context, (key) => {
      const fresh = randomBytes(32);
      return ok({ plaintext: fresh.toString('base64'), ciphertext: encryptAndForget(key, fresh) });
    }),
  'transit.sign': (context) => withKey(context, (key) => ok({ signature: sign(key, inputOf(context)) })),
  'transit.hmac': (context) => withKey(context, (key) => ok({ hmac: hmac(key, inputOf(context)) })),
  'transit.verify': (context) => withKey(context, (key) => ok({ valid: verify(context, key) })),
} satisfies Record<string, Handler>;

/** The audit names the key of each operation. */
function withKey(context: RequestContext, answer: (key: TransitKeyring) => Reply): Soon<Reply> {
  const name = parameter(context, 'name');
  return soon(context.vault.engines.transitKeys.get(name), (key): Reply => ({ ...answer(key), resource: name }));
}

function encryptAndForget(key: TransitKeyring, plaintext: Buffer): string {
  const ciphertext = encrypt(key, plaintext);
  plaintext.fill(0);
  return ciphertext;
}

function inputOf(context: RequestContext): Buffer {
  return parseBase64(bodyOf<{ input: string }>(context).input, '"input"');
}

function verify(context: RequestContext, key: TransitKeyring): boolean {
  const { signature, hmac: mac } = bodyOf<VerifyBody>(context);
  if (signature !== undefined && mac !== undefined)
    throw new ZvaultError('BAD_REQUEST', 'give "signature" or "hmac", not both');
  const input = inputOf(context);
  return signature === undefined ? verifyHmac(key, input, mac ?? '') : verifySignature(key, input, signature);
}

function keyInfo(key: TransitKeyring): TransitKey {
  const { name, type, created_at, min_decryption_version, versions } = key.header;
  const encrypts = type === 'aes256-gcm96';
  return {
    name,
    latest_version: latestVersion(key),
    min_decryption_version,
    supports_encryption: encrypts,
    supports_decryption: encrypts,
    version_count: versions.length,
    created_at: formatVaultTimestamp(created_at),
    type,
    supports_signing: type === 'ed25519',
    keys: Object.fromEntries(
      versions.map((createdAt, index) => [
        index + 1,
        { created_at: formatVaultTimestamp(createdAt), public_key: publicKeyOf(key, index + 1) },
      ]),
    ),
  };
}
