// A person's way from the page to the command that waits: a token, or an issuer, and then a one-time code.

import type { Actor } from '../../domain/actor.ts';
import { ZvaultError, errorTable, isZvaultError, messageOf } from '../../domain/errors.ts';
import { formatTimestamp } from '../../domain/duration.ts';
import { createProofKey } from '../../domain/sign-in.ts';
import { hashToken, tokenKind } from '../../domain/token.ts';
import { type Handler, type RequestContext, bodyOf } from '../http/context.ts';
import { type Reply, ok, refusal } from '../http/reply.ts';
import { type Exchange, createCode, redeemCode } from '../login/codes.ts';
import { pageHeaders } from '../login/html.ts';
import { onwardPage, signInPage, tokenPage } from '../login/pages.ts';
import { clearedCookie, pendingCookie, readPending } from '../login/pending.ts';
import { type LoginRequest, callbackUrl, readLoginRequest } from '../login/request.ts';
import { createSession, personActor } from '../login/sessions.ts';

interface RequestFields {
  readonly port?: string;
  readonly state?: string;
  readonly code_challenge?: string;
}

export const loginHandlers = {
  'login.page': async (context) => {
    requireOpen(context);
    return page(context, readLoginRequest(context.query), 200, 'auth/');
  },
  'login.token': withToken,
  'login.oidc': toIssuer,
  'login.callback': fromIssuer,
  'login.exchange': exchange,
} satisfies Record<string, Handler>;

/** @throws SEALED, RATE_LIMITED */
function requireOpen({ vault, message }: RequestContext): void {
  if (vault.seal.sealed) {
    throw new ZvaultError('SEALED', 'the vault is sealed', { hint: 'unseal it with "zvault unseal"' });
  }
  vault.signIn.charge(message);
}

/** @throws FORBIDDEN when another site's page sent the form. The header can't be forged by a page (Fetch Metadata). */
function requireOwnForm({ message }: RequestContext): void {
  const site = message.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    throw new ZvaultError('FORBIDDEN', 'forms of other web sites are refused');
  }
}

function page(
  context: RequestContext,
  request: LoginRequest,
  status: number,
  base: 'auth/' | '',
  alert?: string,
): Reply {
  const { signIn } = context.vault;
  return signInPage(status, {
    request,
    host: signIn.publicUrl(context.message).host,
    issuers: signIn.providers.map(({ config, name }) => ({ issuer: config.issuer, name })),
    base,
    ...(alert === undefined ? {} : { alert }),
  });
}

async function withToken(context: RequestContext): Promise<Reply> {
  requireOpen(context);
  requireOwnForm(context);
  const body = bodyOf<RequestFields & { token: string }>(context);
  const request = readLoginRequest(body);
  const token = body.token.trim();
  let known: { readonly actor: Actor; readonly expiresAtMs: number | null };
  try {
    known = await ownerOf(context, token);
  } catch (error) {
    if (!isZvaultError(error) || error.code !== 'UNAUTHORIZED') throw error;
    const again = page(context, request, 401, '', `This token is not accepted: ${error.message}.`);
    return Object.assign(again, { code: errorTable.UNAUTHORIZED.wire });
  }
  const expires = known.expiresAtMs;
  return finish(context, request, { kind: 'token', token, expires_at: expires }, known.actor);
}

/** @throws UNAUTHORIZED */
async function ownerOf({ vault }: RequestContext, text: string): Promise<{ actor: Actor; expiresAtMs: number | null }> {
  // What can't stand in a header is no token.
  if (!/^[\u0021-\u007e]{1,16384}$/.test(text)) throw new ZvaultError('UNAUTHORIZED', 'it is not a token');
  const token = { text, hash: hashToken(text) };
  if (tokenKind(text) === 'vault') {
    return vault.access.vault.authorize(token, { identity: 'vault', policy: 'any', self: true }, {}, () => undefined);
  }
  const access = { identity: 'cloud', user: 'any', service: 'any' } as const;
  return vault.access.authorize(token, access, 'none', {}, () => undefined);
}

async function toIssuer(context: RequestContext): Promise<Reply> {
  requireOpen(context);
  requireOwnForm(context);
  const { vault, message } = context;
  const body = bodyOf<RequestFields & { issuer: string }>(context);
  const request = readLoginRequest(body);
  const provider = vault.signIn.provider(body.issuer);
  const random = vault.host.randomBytes;
  const { verifier, challenge } = createProofKey(random);
  const [state, nonce] = [random(24).toString('base64url'), random(24).toString('base64url')];
  const url = vault.signIn.publicUrl(message);
  const next = await asked(context, () =>
    provider.authorizationUrl({ redirectUri: redirectUri(url), state, nonce, challenge }),
  );
  const reply = onwardPage(next, provider.name);
  const pending = { issuer: provider.config.issuer, state, nonce, verifier, request };
  const cookie = pendingCookie(pending, url.protocol === 'https:');
  return { ...reply, headers: { ...reply.headers, 'Set-Cookie': cookie }, resource: provider.config.issuer };
}

async function fromIssuer(context: RequestContext): Promise<Reply> {
  requireOpen(context);
  const { vault, message, query } = context;
  const text = (name: string): string => String(query[name] ?? '');
  const url = vault.signIn.publicUrl(message);
  const https = url.protocol === 'https:';
  const state = text('state');
  const pending = readPending(message, state, https);
  if (!pending) {
    throw new ZvaultError('BAD_REQUEST', 'this browser began no such sign-in, or took too long for it', {
      hint: 'start the command again',
    });
  }
  const { issuer, nonce, verifier, request } = pending;
  const provider = vault.signIn.provider(issuer);
  const cleared = { 'Set-Cookie': clearedCookie(state, https) };
  const code = text('code');
  if (code === '') {
    const alert = `${provider.name} signed nobody in${reasonOf(text('error'))}.`;
    const again = page(context, request, 401, '', alert);
    return Object.assign(again, {
      headers: { ...again.headers, ...cleared },
      code: errorTable.UNAUTHORIZED.wire,
      resource: issuer,
    });
  }
  const iss = text('iss') || undefined;
  const identity = await asked(context, () =>
    provider.redeem({ code, iss, redirectUri: redirectUri(url), verifier, nonce }),
  );
  const { subject, email, name } = identity;
  const person = { issuer, subject, email, name };
  const policies = provider.config.policies ?? ['default'];
  const reply = await finish(
    context,
    request,
    { kind: 'session', person, policies },
    personActor(person, identity.jwtId),
  );
  return { ...reply, headers: { ...reply.headers, ...cleared } };
}

/** Back to the command with a one-time code; or, if none waits, the token itself, on a page. */
function finish(context: RequestContext, request: LoginRequest, exchange: Exchange, actor: Actor): Promise<Reply> {
  const { vault, nowMs } = context;
  const { records, host } = vault;
  return context.commit(async (transaction) => {
    if (!request) {
      const token = exchange.kind === 'token' ? exchange.token : await sessionFor(context, transaction, exchange);
      return { ...tokenPage(token), actor, data: { way: exchange.kind } };
    }
    const { challenge } = request;
    const code = await createCode(transaction, records, exchange, { challenge, nowMs, random: host.randomBytes });
    return {
      status: 303,
      body: null,
      headers: { ...pageHeaders, Location: callbackUrl(request, code) },
      actor,
      data: { way: exchange.kind },
    };
  });
}

async function sessionFor(
  { vault, nowMs }: RequestContext,
  transaction: Parameters<typeof createSession>[0],
  { person, policies }: Extract<Exchange, { kind: 'session' }>,
): Promise<string> {
  const random = vault.host.randomBytes;
  return (await createSession(transaction, vault.records, { person, policies, nowMs, random })).token;
}

function exchange(context: RequestContext): Promise<Reply> {
  requireOpen(context);
  const { vault, nowMs } = context;
  const { code, code_verifier: verifier } = bodyOf<{ code: string; code_verifier: string }>(context);
  return context.commit(async (transaction): Promise<Reply> => {
    const found = await redeemCode(transaction, vault.records, { code, verifier }, nowMs);
    // Not thrown: the code is gone also when the verifier was wrong.
    if (!found) {
      const why = 'the code is unknown, used, too old, or of another command';
      return refusal('UNAUTHORIZED', why, { 'WWW-Authenticate': 'Bearer' });
    }
    if (found.kind === 'token') {
      const { token, expires_at: at } = found;
      return ok({ token, session: false, expires_at: at === null ? null : formatTimestamp(at) });
    }
    const random = vault.host.randomBytes;
    const made = await createSession(transaction, vault.records, { ...found, nowMs, random });
    const { id, person = found.person, expires_at: at } = made.record;
    const body = { token: made.token, session: true, expires_at: at === null ? null : formatTimestamp(at) };
    return { ...ok(body, { resource: id }), actor: personActor(person, id) };
  });
}

function redirectUri(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/cli/auth/callback`;
}

/** An issuer's own word for why it refused. */
function reasonOf(error: string): string {
  return /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
}

/** What goes wrong at the issuer is for the operator to read; the person is told that it did. */
async function asked<T>({ vault }: RequestContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isZvaultError(error) && (error.code === 'UNAUTHORIZED' || error.code === 'UNAVAILABLE')) throw error;
    vault.options.warn(`the sign-in at an issuer failed: ${messageOf(error)}`);
    throw new ZvaultError('UNAVAILABLE', 'the issuer can’t be asked at the moment', {
      hint: 'try again, or sign in with a token',
      cause: error,
    });
  }
}
