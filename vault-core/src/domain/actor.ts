// Who did it: one shape in audit records, versions and events.

export interface Actor {
  readonly type: 'root' | 'user' | 'service_token' | 'vault_token' | 'system' | 'anonymous';
  /** The user's id, the token's id, or a fixed word for root, system and anonymous. */
  readonly id: string;
  /** For users: the issuer that vouches for `id`. People are (issuer, sub). */
  readonly issuer: string | null;
  /** The id (never the text) of the token that was presented. */
  readonly token_id: string | null;
  /** The way in: `api`, or the front end in front of it. */
  readonly via: string;
}

/** The vault itself: start, seal, expiry. */
export const systemActor: Actor = { type: 'system', id: 'system', issuer: null, token_id: null, via: 'server' };
/** Nobody that we know: no token, or a refused one. */
export const anonymousActor: Actor = { type: 'anonymous', id: 'anonymous', issuer: null, token_id: null, via: 'api' };
