import { isUnrouted } from '@zvault/core/client';
import { type Secret, ZvaultError, envSetting, isZvaultError, messageOf, tokenKind } from '@zvault/core/domain';
import { defaultAddress, normalizeAddress } from '../address.ts';
import { defineCommand } from '../command.ts';
import { type ConnectionFlags, addressOption, connectWith } from '../connection.ts';
import type { Context } from '../context.ts';
import { printJson } from '../output/table.ts';
import { readSavedToken, removeSavedToken, savedAddresses } from '../saved-tokens.ts';

interface Options extends ConnectionFlags {
  readonly all?: true;
  readonly json?: true;
  readonly revoke: boolean;
}

export const logout = defineCommand<Options>({
  configure(command) {
    addressOption(command)
      .option('--all', 'for the tokens of all addresses')
      .option('--no-revoke', 'only forget the token here; it stays valid')
      .option('--json', 'print JSON')
      .addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log } = context;
    const given = options.url || options.addr || envSetting(host, 'ZVAULT_URL', 'ZVAULT_CLOUD_URL') || defaultAddress;
    const addresses = options.all === true ? savedAddresses(host) : [normalizeAddress(given, '--url')];
    const ended: Ended[] = [];
    for (const url of addresses) {
      const outcome = await end(context, url, options.revoke);
      if (outcome === undefined) continue;
      ended.push(outcome);
      if (outcome.revoked) log.done(`the token for ${url} is revoked and forgotten`);
      else log.warn(`the token for ${url} is forgotten, not revoked: ${outcome.why}`);
    }
    if (options.json === true) printJson(host, ended);
    if (ended.length === 0 && options.all !== true) throw nothingSaved(addresses, savedAddresses(host));
    const failed = ended.filter((outcome) => outcome.failed);
    if (failed.length > 0) {
      throw new ZvaultError('PARTIAL', `could not revoke the token for ${failed.map(({ url }) => url).join(', ')}`, {
        hint: 'it ends by itself if it has an expiry; else revoke it on the server',
      });
    }
  },
});

interface Ended {
  readonly url: string;
  readonly revoked: boolean;
  readonly why?: string;
  /** It should have been revoked. */
  readonly failed?: true;
}

/** Revokes, then forgets: also when the server is away, since a token that nobody wants must not lie around. */
async function end(context: Context, url: string, revoke: boolean): Promise<Ended | undefined> {
  const { host } = context;
  let token: Secret | undefined;
  try {
    token = readSavedToken(host, url);
  } catch (error) {
    // Others may have read it: what matters now is that it goes.
    if (!isZvaultError(error) || error.code !== 'TOKEN_INSECURE') throw error;
    removeSavedToken(host, url);
    return { url, revoked: false, why: 'its file could be read by others, revoke it on the server', failed: true };
  }
  if (token === undefined)
    return removeSavedToken(host, url) ? { url, revoked: false, why: 'its file was empty' } : undefined;
  const outcome = revoke ? await revokeToken(context, url, token) : { revoked: false, why: 'as you wished' };
  removeSavedToken(host, url);
  return { url, ...outcome };
}

async function revokeToken(context: Context, url: string, token: Secret): Promise<Omit<Ended, 'url'>> {
  const kind = tokenKind(token.expose());
  // The way in for emergencies: who has only this one would lock everybody out.
  if (kind === 'root') return { revoked: false, why: 'a root token is revoked with "zvault token revoke" only' };
  if (kind === undefined && token.expose().split('.').length === 3) {
    return { revoked: false, why: 'the tokens of an issuer end by themselves' };
  }
  try {
    const settings = {
      url,
      urlFrom: 'flag',
      token,
      tokenFrom: 'saved token',
      org: undefined,
      project: undefined,
      environment: undefined,
      projectFile: undefined,
    } as const;
    await using connection = await connectWith(context, settings);
    await connection.client.auth.tokens.revoke();
    return { revoked: true };
  } catch (error) {
    if (isUnrouted(error)) return { revoked: false, why: 'its server can’t revoke it so' };
    if (isZvaultError(error) && error.code === 'UNAUTHORIZED')
      return { revoked: false, why: 'it was not valid any more' };
    return { revoked: false, why: messageOf(error), failed: true };
  }
}

function nothingSaved(addresses: readonly string[], others: readonly string[]): ZvaultError {
  return new ZvaultError('NOT_FOUND', `no token is saved for ${addresses.join(', ')}`, {
    hint: others.length === 0 ? undefined : `add --url, one of: ${others.join(', ')}`,
  });
}

const notes = `
The token is revoked on the server, so that a copy of it is worth nothing, and removed from
~/.zvault/tokens. Root tokens, and tokens of issuers, are only forgotten.
`;
