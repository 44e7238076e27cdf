// Service tokens. What was made is compared with what was asked for: a server that ignores a limit makes a token that opens too
// much or never ends, and such a token is revoked at once.

import { parseDurationSeconds, parseTimestampMs } from '../../domain/duration.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { isUuid } from '../../domain/names.ts';
import { Secret } from '../../domain/secret.ts';
import type { Environment, ServiceToken } from '../../wire/shapes.ts';
import type { Permission } from '../../wire/words.ts';
import { badAnswer, decodeArray, decodeObject, decodeString } from '../decode.ts';
import { path } from '../path.ts';
import type { ProjectName } from '../scope.ts';
import { type CallOptions, type ManagementCalls, objectOf } from './calls.ts';

export interface NewToken {
  /** Made here when left out. */
  readonly id?: string | undefined;
  readonly name: string;
  /** Slug or id. @default the whole project */
  readonly environment?: string | undefined;
  /** @default ['read'] */
  readonly permissions?: readonly Permission[] | undefined;
  /** Like `90d`: see `parseDurationSeconds`. */
  readonly ttl?: string | undefined;
  /** RFC 3339, instead of `ttl`. @default it does not expire */
  readonly expires_at?: string | undefined;
}

export interface CreatedToken {
  readonly token: ServiceToken;
  /** The token itself, which nobody can read again. `undefined` when a creation with the same id was answered before. */
  readonly plaintext: Secret | undefined;
}

interface TokenBody {
  readonly id?: string | undefined;
  readonly name: string;
  readonly environment_id: string | null;
  readonly permissions: readonly Permission[];
  readonly expires_at: string | null;
}

/** Servers keep times with different precision. */
const toleranceMs = 2000;

export class TokensApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** Newest first, revoked ones included. */
  async list(org: string, project: string, options: CallOptions = {}): Promise<ServiceToken[]> {
    const json = await this.#calls.inProject({ org, project }, { method: 'GET', rest: path`/tokens`, ...options });
    return decodeArray(json, 'tokens') as ServiceToken[];
  }

  /** @throws NOT_FOUND (the environment), BAD_ANSWER when the server made another token than the one asked for */
  async create(org: string, project: string, asked: NewToken, options: CallOptions = {}): Promise<CreatedToken> {
    const name = { org, project };
    const body = {
      name: asked.name,
      environment_id:
        asked.environment === undefined ? null : await this.#environmentId(name, asked.environment, options),
      permissions: asked.permissions ?? ['read'],
      expires_at: this.#expiryOf(asked),
    };
    const made = await this.#create(name, { ...body, id: asked.id }, options);
    if (made.plaintext !== undefined || asked.id !== undefined) return made;
    // The request was repeated here: its first answer was lost, and the token's text with it.
    await this.revoke(org, project, made.token.id, options);
    const again = await this.#create(name, body, options);
    if (again.plaintext === undefined) throw badAnswer('it holds no token');
    return again;
  }

  /** Repeating it changes nothing. */
  async revoke(org: string, project: string, id: string, options: CallOptions = {}): Promise<void> {
    const call = { method: 'POST', rest: path`/tokens/${id}/revoke`, repeatable: true } as const;
    await this.#calls.inProject({ org, project }, { ...call, ...options });
  }

  async #create(name: ProjectName, body: TokenBody, options: CallOptions): Promise<CreatedToken> {
    const call = { method: 'POST', rest: path`/tokens`, ...this.#calls.creation(body) } as const;
    const reply = decodeObject(await this.#calls.inProject(name, { ...call, ...options }), 'the answer');
    const plaintext = reply['plaintext_token'];
    const token = objectOf(reply['token'], 'the token') as ServiceToken;
    decodeString(reply['token'] as Record<string, unknown>, 'id');
    const expiresMs = body.expires_at === null ? Infinity : parseTimestampMs(body.expires_at);
    const madeMs = token.expires_at === null ? Infinity : parseTimestampMs(token.expires_at);
    const sameTime = expiresMs === madeMs || Math.abs(expiresMs - madeMs) <= toleranceMs;
    if (token.environment_id !== body.environment_id || !sameTime) {
      await this.revoke(name.org, name.project, token.id, options);
      throw new ZvaultError(
        'BAD_ANSWER',
        'the server made a token with other limits than those asked for; it is revoked',
      );
    }
    return { token, plaintext: typeof plaintext === 'string' ? new Secret(plaintext) : undefined };
  }

  async #environmentId(name: ProjectName, environment: string, options: CallOptions): Promise<string> {
    if (isUuid(environment)) return environment.toLowerCase();
    const json = await this.#calls.inProject(name, { method: 'GET', rest: path`/environments`, ...options });
    const found = (decodeArray(json, 'environments') as Environment[]).find(({ slug }) => slug === environment);
    if (found === undefined) throw new ZvaultError('NOT_FOUND', `the project has no environment "${environment}"`);
    return found.id;
  }

  #expiryOf({ ttl, expires_at }: NewToken): string | null {
    if (ttl !== undefined && expires_at !== undefined) {
      throw new ZvaultError('BAD_REQUEST', 'give a ttl or a time of expiry, not both');
    }
    if (ttl === undefined) return expires_at ?? null;
    const nowMs = this.#calls.requester.settings.host.now();
    return new Date(nowMs + parseDurationSeconds(ttl) * 1000).toISOString();
  }
}
