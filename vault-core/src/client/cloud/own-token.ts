// What everybody may do with the own token, whatever its kind.

import { path } from '../path.ts';
import { type CallOptions, type ManagementCalls, objectOf } from './calls.ts';

/** Contract 1.3: what the vault API tells of a token. */
export interface OwnToken {
  readonly policies: readonly string[];
  readonly display_name: string;
  readonly expires_at: string | null;
}

export class OwnTokenApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** @throws UNAUTHORIZED */
  async lookup(options: CallOptions = {}): Promise<OwnToken> {
    const call = { method: 'POST', rest: path`/v1/auth/token/lookup-self`, auth: 'vault', repeatable: true } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the token') as OwnToken;
  }

  /** Ends the token. @throws UNAUTHORIZED when it has ended already */
  async revoke(options: CallOptions = {}): Promise<void> {
    // Older servers want the token in the body too (contract 8.7, point 10).
    const token = (await this.#calls.requester.tokens.required()).expose();
    const call = { method: 'POST', rest: path`/v1/auth/token/revoke-self`, auth: 'vault' } as const;
    await this.#calls.at({ ...call, body: { token }, hide: [token], ...options });
  }
}
