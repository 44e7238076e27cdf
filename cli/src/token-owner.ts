// Whose token it is, as far as its server tells.

import { type VaultClient, isUnrouted } from '@zvault/core/client';
import { isZvaultError } from '@zvault/core/domain';

export interface TokenOwner {
  /** `service_token`, `jwt`, `root`, `vault_token`. */
  readonly kind: string;
  /** For people: a name, an address, `project/environment`. */
  readonly name: string;
  /** RFC 3339. */
  readonly expiresAt: string | null;
}

/** Asks the cloud API, then the vault API: a token may be for one of them alone. @throws UNAUTHORIZED, CONNECTION_FAILED … */
export async function ownerOf(client: VaultClient): Promise<TokenOwner> {
  try {
    const me = await client.me();
    const scope =
      me.project_slug === null ? me.email || me.user_id : [me.project_slug, me.environment ?? '*'].join('/');
    return { kind: me.auth_type, name: scope, expiresAt: me.expires_at };
  } catch (error) {
    if (!isZvaultError(error) || error.code !== 'UNAUTHORIZED') throw error;
    return await ownToken(client, error);
  }
}

async function ownToken(client: VaultClient, refused: Error): Promise<TokenOwner> {
  try {
    const { display_name: name, expires_at: expiresAt } = await client.auth.tokens.lookup();
    return { kind: 'vault_token', name, expiresAt };
  } catch (error) {
    throw isUnrouted(error) ? refused : error;
  }
}
