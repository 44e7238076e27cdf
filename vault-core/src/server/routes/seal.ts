import { ZvaultError } from '../../domain/errors.ts';
import type { KeySlotBody } from '../../wire/seal-shapes.ts';
import { type Rotatable, rotatableKeys } from '../../wire/words.ts';
import { stretchNewPassphrase } from '../crypto/slots.ts';
import { type Handler, type RequestContext, bodyOf, parameter } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import { beginRotation } from '../rotation/begin.ts';
import { readRotation, rotationStatus } from '../rotation/state.ts';
import { requireSealConfig } from '../seal/config.ts';
import { requireWayIn, revokeRootTokens } from '../seal/generate-root.ts';
import { type NewSlot, createSlot, rekey, removeSlot, slotInfo } from '../seal/manage.ts';
import { checkPassphrase, checkShares } from '../seal.ts';
import { parseShares, parseSingleSecret } from '../seal/way-in.ts';

interface RekeyBody {
  readonly shares: number;
  readonly threshold: number;
  readonly unseal_shares: readonly string[];
}
interface GenerateRootBody {
  readonly shares?: readonly string[];
  readonly recovery_code?: string;
  readonly revoke_others?: boolean;
}

export const sealHandlers = {
  'sys.rekey': rekeyVault,
  'sys.generate-root': generateRoot,
  'key-slots.list': async ({ vault }) => {
    const { slots } = await requireSealConfig(vault.store);
    return ok({ slots: slots.map(slotInfo) });
  },
  'key-slots.add': addKeySlot,
  'key-slots.remove': (context) =>
    context.commit(async (transaction) => {
      const { id, kind } = await removeSlot(transaction, parameter(context, 'id'));
      return { status: 204, body: null, resource: id, data: { kind } };
    }),
  'sys.rotate': rotate,
  'sys.rotation': async ({ vault }) => ok(rotationStatus(await readRotation(vault.store))),
} satisfies Record<string, Handler>;

async function rekeyVault(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  const { shares, threshold, unseal_shares: given } = bodyOf<RekeyBody>(context);
  checkShares(shares, threshold);
  const current = parseShares(given);
  return context.commit(async (transaction) => {
    const made = await rekey(transaction, vault.seal.keyring, { shares, threshold, current }, nowMs);
    const reply = ok({ unseal_shares: made.shares }, { resource: made.slot.id, data: { shares, threshold } });
    return { ...reply, sent: () => vault.confirmSlot(made.slot.id) };
  });
}

async function generateRoot(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  const body = bodyOf<GenerateRootBody>(context);
  const { keyring } = vault.seal;
  const way = body.shares
    ? ({ kind: 'shamir', shares: parseShares(body.shares) } as const)
    : parseSingleSecret({ recovery_code: body.recovery_code });
  if (!way) throw new ZvaultError('BAD_REQUEST', 'give "shares" or "recovery_code"');
  await requireWayIn(vault.store, keyring, way);
  return context.commit(async (transaction) => {
    const revoked = body.revoke_others ? await revokeRootTokens(transaction, vault.records, nowMs) : 0;
    const token = await vault.createRootToken(transaction, vault.records);
    return ok({ root_token: token, revoked }, { data: { by: way.kind, revoked } });
  });
}

async function addKeySlot(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  const body = bodyOf<KeySlotBody>(context);
  const asked = await newSlot(body);
  return context.commit(async (transaction) => {
    const { slot, ...secret } = await createSlot(transaction, vault.seal.keyring, asked, body.replaces, nowMs);
    const data = { kind: slot.kind, ...(body.replaces === undefined ? {} : { replaces: body.replaces }) };
    const reply = ok({ slot: slotInfo(slot), ...secret }, { resource: slot.id, data });
    return { ...reply, sent: () => vault.confirmSlot(slot.id) };
  });
}

/** A passphrase is stretched before the transaction: it takes a third of a second. */
async function newSlot(body: KeySlotBody): Promise<NewSlot> {
  if (!('passphrase' in body) || body.kind !== 'passphrase') return { kind: body.kind };
  checkPassphrase(body.passphrase);
  return { kind: 'passphrase', stretched: await stretchNewPassphrase(body.passphrase) };
}

async function rotate(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  const what: readonly Rotatable[] = bodyOf<{ what?: readonly Rotatable[] }>(context).what ?? rotatableKeys;
  const reply = await context.commit(async (transaction) => {
    const state = await beginRotation(transaction, vault.seal.keyring, [...new Set(what)], nowMs);
    return ok(rotationStatus(state), { resource: state.id, data: { what: state.what, keys: state.retiring.length } });
  });
  vault.rotator.kick();
  return reply;
}
