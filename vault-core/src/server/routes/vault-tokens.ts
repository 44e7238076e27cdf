import { ZvaultError } from '../../domain/errors.ts';
import { decide } from '../../domain/policy/decide.ts';
import { parseCapability } from '../../domain/policy/policy.ts';
import { hashToken } from '../../domain/token.ts';
import type { DecisionReply } from '../../wire/auth-shapes.ts';
import { type NewVaultToken, createChildToken } from '../auth/token-making.ts';
import { renewToken, requireToken, revokeToken, secondsLeft, tokenReply } from '../auth/vault-tokens.ts';
import { type Handler, type RequestContext, bodyOf, callerOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';

interface TokenBody {
  readonly token?: string;
  readonly increment?: string;
}

/** Longest path that is asked about: it is written into the audit. */
const maxPathLength = 2048;
/** Source: contract 1.3 */
const defaultIncrement = '1h';

export const vaultTokenHandlers = {
  'vault-tokens.create': create,
  'vault-tokens.lookup': (context) => lookUp(context, hashOf(context)),
  'vault-tokens.lookup-self': (context) => lookUp(context, callerOf(context).token.hash),
  'vault-tokens.renew': (context) => renew(context, hashOf(context)),
  'vault-tokens.renew-self': (context) => renew(context, ownHash(context, 'renew')),
  'vault-tokens.revoke': (context) => revoke(context, hashOf(context)),
  'vault-tokens.revoke-self': (context) => revoke(context, ownHash(context, 'revoke')),
  'vault-tokens.capabilities-self': async (context) => {
    const body = bodyOf<{ readonly path: string; readonly capability: string }>(context);
    const capability = parseCapability(body.capability, '"capability"');
    if (capability === 'deny') throw new ZvaultError('BAD_REQUEST', '"deny" is nothing that can be asked for');
    if (body.path.length > maxPathLength)
      throw new ZvaultError('BAD_REQUEST', `"path" must have at most ${maxPathLength} characters`);
    // As it is typed from an address, too.
    const path = body.path.replace(/^\/?(v1\/)?/, '');
    const { allowed, policy, rule } = decide(callerOf(context).policies, path, capability);
    const reply: DecisionReply = {
      allowed,
      policy,
      rule: rule && { path: rule.path, capabilities: [...rule.capabilities] },
    };
    return ok(reply, { data: { path, capability, allowed } });
  },
} satisfies Record<string, Handler>;

function create(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  return context.commit(async (transaction) => {
    const making = { nowMs, random: vault.host.randomBytes };
    const made = await createChildToken(
      transaction,
      vault.records,
      callerOf(context),
      bodyOf<NewVaultToken>(context),
      making,
    );
    const { id, policies, renewable, display_name: name } = made.record;
    const reply = {
      client_token: made.plaintext,
      policies,
      renewable,
      lease_duration: secondsLeft(made.expiresAtMs, nowMs),
      id,
    };
    return ok(reply, { resource: id, data: { policies, display_name: name } });
  });
}

async function lookUp(context: RequestContext, hash: string): Promise<Reply> {
  const { vault, nowMs } = context;
  const { store, records } = vault;
  const token = await requireToken(store, records, hash, nowMs);
  return ok(await tokenReply(store, records, token, nowMs), { resource: token.id });
}

function renew(context: RequestContext, hash: string): Promise<Reply> {
  const { vault, nowMs } = context;
  const { increment = defaultIncrement } = bodyOf<TokenBody>(context);
  return context.commit(async (transaction) => {
    const token = await renewToken(transaction, vault.records, hash, increment, nowMs);
    return ok(await tokenReply(transaction, vault.records, token, nowMs), { resource: token.id });
  });
}

function revoke(context: RequestContext, hash: string): Promise<Reply> {
  const { vault, nowMs } = context;
  return context.commit(async (transaction) => {
    const token = await revokeToken(transaction, vault.records, hash, nowMs);
    return { status: 204, body: null, resource: token?.id ?? '' };
  });
}

function hashOf(context: RequestContext): string {
  const { token } = bodyOf<TokenBody>(context);
  // Source: contract 1.3, whose renewal answers 400 to a body without it
  if (token === undefined) throw new ZvaultError('BAD_REQUEST', '"token" is missing');
  return hashToken(token);
}

/** The caller's token, which older clients repeat in the body. Another one takes what it takes to act on any. */
function ownHash(context: RequestContext, verb: 'renew' | 'revoke'): string {
  const caller = callerOf(context);
  const { token } = bodyOf<TokenBody>(context);
  const own = caller.token.hash;
  if (token === undefined || hashToken(token) === own) return own;
  if (decide(caller.policies, `auth/token/${verb}`, 'sudo').allowed) return hashToken(token);
  throw new ZvaultError('FORBIDDEN', 'the token in the body is not the one that asks', {
    hint: `leave it out, or use /v1/auth/token/${verb}`,
  });
}
