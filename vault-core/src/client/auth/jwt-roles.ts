// Roles for the identity tokens of CI jobs, and the log-in with one.

import { Secret } from '../../domain/secret.ts';
import type { JwtLogin, JwtRole, JwtRoleBody } from '../../wire/auth-shapes.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeArray, decodeObject, decodeString } from '../decode.ts';
import { path } from '../path.ts';
import type { Requester } from '../requester.ts';

/** What a log-in brings: a service token, limited as the role says. */
export interface JwtSession extends Omit<JwtLogin, 'client_token'> {
  readonly token: Secret;
}

export class JwtRolesApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Those of the organisations that the caller belongs to. */
  async list(options: CallOptions = {}): Promise<JwtRole[]> {
    const call = { method: 'GET', path: path`/v1/auth/jwt/role` } as const;
    return decodeArray((await this.#requester.call({ ...call, ...options })).json, 'roles') as JwtRole[];
  }

  /** @throws NOT_FOUND */
  async read(name: string, options: CallOptions = {}): Promise<JwtRole> {
    const call = { method: 'GET', path: path`/v1/auth/jwt/role/${name}` } as const;
    return decodeObject((await this.#requester.call({ ...call, ...options })).json, 'the role') as JwtRole;
  }

  /** Creates or replaces it. @throws BAD_REQUEST, FORBIDDEN, NOT_FOUND (project or environment) */
  async write(name: string, body: JwtRoleBody, options: CallOptions = {}): Promise<JwtRole> {
    const call = { method: 'PUT', path: path`/v1/auth/jwt/role/${name}`, body, repeatable: true } as const;
    return decodeObject((await this.#requester.call({ ...call, ...options })).json, 'the role') as JwtRole;
  }

  /** @throws NOT_FOUND */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    await this.#requester.call({ method: 'DELETE', path: path`/v1/auth/jwt/role/${name}`, ...options });
  }

  /** Needs no token of its own. Sent once: an identity token logs in once. @throws UNAUTHORIZED saying which check failed */
  async login(role: string, jwt: Secret, options: CallOptions = {}): Promise<JwtSession> {
    const body = { role, jwt: jwt.expose() };
    const call = { method: 'POST', path: path`/v1/auth/jwt/login`, body, auth: 'none', hide: [body.jwt] } as const;
    const reply = decodeObject((await this.#requester.call({ ...call, ...options })).json, 'the answer');
    const { client_token: _, ...session } = reply as unknown as JwtLogin;
    return { ...session, token: new Secret(decodeString(reply, 'client_token')) };
  }
}
