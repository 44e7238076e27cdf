// Tokens of the vault API. Their texts are never part of an error.

import { Secret } from '../../domain/secret.ts';
import type { TokenLookup } from '../../wire/auth-shapes.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeObject, decodeString } from '../decode.ts';
import { path } from '../path.ts';
import type { Requester } from '../requester.ts';

export interface NewVaultToken {
  /** Among those of the client's own token. @default ['default'] */
  readonly policies?: readonly string[] | undefined;
  /** Like `12h`: see `parseDurationSeconds`. @default as long as the client's own */
  readonly ttl?: string | undefined;
  /** How long renewals can keep it alive. @default for ever */
  readonly explicit_max_ttl?: string | undefined;
  readonly display_name?: string | undefined;
  /** @default true */
  readonly renewable?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** It outlives the client's own token; takes root. @default false */
  readonly no_parent?: boolean | undefined;
}

export interface CreatedVaultToken {
  /** Nobody can read it again. */
  readonly token: Secret;
  readonly policies: readonly string[];
  readonly renewable: boolean;
  /** Seconds; `null`: it does not end. */
  readonly lease_duration: number | null;
}

export class VaultTokensApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Sent once: a repeated request would make a second token. @throws BAD_REQUEST, FORBIDDEN */
  async create(body: NewVaultToken = {}, options: CallOptions = {}): Promise<CreatedVaultToken> {
    const reply = decodeObject(await this.#post('create', body, options), 'the answer');
    const { client_token: _, ...facts } = reply as unknown as CreatedVaultToken & { client_token: string };
    return { ...facts, token: new Secret(decodeString(reply, 'client_token')) };
  }

  /** The client's own token when none is given. @throws UNAUTHORIZED */
  lookup(token?: Secret, options: CallOptions = {}): Promise<TokenLookup> {
    return this.#about('lookup', token, {}, { ...options, repeatable: true });
  }

  /** Sets its end to `increment` (an hour when left out) from now. @throws UNAUTHORIZED, BAD_REQUEST */
  renew(token?: Secret, options: CallOptions & { readonly increment?: string | undefined } = {}): Promise<TokenLookup> {
    const { increment, ...others } = options;
    return this.#about('renew', token, increment === undefined ? {} : { increment }, others);
  }

  /** Ends it and all that descend from it. */
  async revoke(token?: Secret, options: CallOptions = {}): Promise<void> {
    await this.#call('revoke', token, {}, options);
  }

  async #about(
    verb: string,
    token: Secret | undefined,
    body: object,
    options: CallOptions & { readonly repeatable?: boolean },
  ): Promise<TokenLookup> {
    return decodeObject(await this.#call(verb, token, body, options), 'the token') as TokenLookup;
  }

  /** Older servers want the own token in the body too (contract 8.7, point 10). */
  async #call(verb: string, token: Secret | undefined, body: object, options: CallOptions): Promise<unknown> {
    const text = (token ?? (await this.#requester.tokens.required())).expose();
    const hide = [text];
    return this.#post(token === undefined ? `${verb}-self` : verb, { ...body, token: text }, { ...options, hide });
  }

  async #post(
    verb: string,
    body: object,
    options: CallOptions & { readonly hide?: readonly string[]; readonly repeatable?: boolean },
  ): Promise<unknown> {
    const call = { method: 'POST', path: path`/v1/auth/token/${verb}`, body, auth: 'vault' } as const;
    return (await this.#requester.call({ ...call, ...options })).json;
  }
}
