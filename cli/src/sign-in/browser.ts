// Signing in through the browser: the page, the way back, and the exchange of the code for the token.

import { Secret, ZvaultError, confirmationCode, createProofKey } from '@zvault/core/domain';
import { isUnrouted } from '@zvault/core/client';
import { isLoopbackAddress } from '../address.ts';
import { type Connection, connectWith } from '../connection.ts';
import type { Context } from '../context.ts';
import type { Settings } from '../settings.ts';
import { type Callback, listenForCallback } from './callback.ts';
import { openBrowser } from './open-browser.ts';

export interface BrowserSignIn {
  /** False: only print the address. */
  readonly open: boolean;
  readonly timeoutSeconds: number;
}

/** @throws INTERRUPTED, TIMEOUT, TOKEN_INSECURE, BAD_ANSWER, UNAUTHORIZED … */
export async function signInWithBrowser(
  context: Context,
  settings: Settings,
  { open, timeoutSeconds }: BrowserSignIn,
): Promise<Secret> {
  const { host, log, redactor } = context;
  refuseClearAddress(context, settings.url);
  const { verifier, challenge } = createProofKey(host.randomBytes);
  const state = host.randomBytes(24).toString('base64url');
  redactor.add(verifier);
  await using listener = await listenForCallback(state);
  const search = new URLSearchParams({
    port: String(listener.port),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const url = `${settings.url}/cli/auth?${search.toString()}`;
  const opened = open && (await openBrowser(host, url));
  log.info(opened ? 'sign in in the browser; if none opens, go to' : 'open this address in a browser on this machine');
  host.stderr.write(`${url}\n`);
  log.info(`the page shows the code ${confirmationCode(challenge)}`);
  const callback = await waitFor(context, listener, timeoutSeconds);
  let token: Secret | undefined;
  try {
    redactor.add(callback.code);
    await using connection = await connectWith(context, { ...settings, token: undefined });
    token = await exchange(connection, { code: callback.code, code_verifier: verifier });
    redactor.add(token);
    return token;
  } finally {
    callback.answer(token !== undefined);
  }
}

async function waitFor(
  { interrupted }: Context,
  listener: { wait(signal: AbortSignal): Promise<Callback> },
  timeoutSeconds: number,
): Promise<Callback> {
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    const text = `nobody signed in within ${timeoutSeconds} seconds`;
    const hint = 'run it again, or zvault login --stdin where there is no browser';
    timeout.abort(new ZvaultError('TIMEOUT', text, { hint }));
  }, timeoutSeconds * 1000);
  try {
    return await listener.wait(AbortSignal.any([interrupted, timeout.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(
  { client, settings }: Connection,
  body: { readonly code: string; readonly code_verifier: string },
): Promise<Secret> {
  try {
    const { token } = await client.cloud.signIn.exchange(body);
    if (typeof token === 'string' && token !== '') return new Secret(token);
  } catch (error) {
    if (!isUnrouted(error)) throw error;
  }
  throw new ZvaultError('BAD_ANSWER', `${settings.url} gives no token for a sign-in in the browser`, {
    hint: 'run zvault login --stdin',
  });
}

/** The token comes back the same way that others go there. */
function refuseClearAddress({ host }: Context, url: string): void {
  const allowed = ['1', 'true'].includes(host.env['ZVAULT_ALLOW_HTTP'] ?? '');
  if (url.startsWith('https:') || isLoopbackAddress(url) || allowed) return;
  throw new ZvaultError('TOKEN_INSECURE', `the token would travel in clear from ${url}`, {
    hint: 'use the https address, or set ZVAULT_ALLOW_HTTP=1 if the network is yours',
  });
}
