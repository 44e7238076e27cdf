import { Secret } from '../../domain/secret.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeArray, decodeObject, decodeString } from '../decode.ts';
import { path, type RequestPath } from '../path.ts';
import type { Requester } from '../requester.ts';

export interface NewAppRole {
  readonly policies: readonly string[];
  /** @default 3600 */
  readonly token_ttl_secs?: number | undefined;
  /** @default 86400 */
  readonly token_max_ttl_secs?: number | undefined;
  /** Log-ins that a secret id is good for. @default 0: any number */
  readonly secret_id_num_uses?: number | undefined;
  /** @default 0: it does not expire */
  readonly secret_id_ttl_secs?: number | undefined;
  /** False: the role id alone logs in. @default true */
  readonly bind_secret_id?: boolean | undefined;
}

export interface AppRole extends Required<NewAppRole> {
  readonly name: string;
  readonly role_id: string;
}

export interface AppRoleLogin {
  readonly token: Secret;
  readonly policies: readonly string[];
  /** Seconds. */
  readonly ttl: number;
  readonly renewable: boolean;
}

export class AppRolesApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  async list(options: CallOptions = {}): Promise<string[]> {
    return decodeArray(await this.#call('GET', path`/v1/auth/approle/role`, options), 'keys') as string[];
  }

  /** @throws NOT_FOUND */
  async read(name: string, options: CallOptions = {}): Promise<AppRole> {
    const json = await this.#call('GET', path`/v1/auth/approle/role/${name}`, options);
    return decodeObject(json, 'the role') as unknown as AppRole;
  }

  /** Creates it, or writes it anew with a new role id, which is the answer. @throws BAD_REQUEST, FORBIDDEN */
  async write(name: string, body: NewAppRole, options: CallOptions = {}): Promise<string> {
    const json = await this.#call('POST', path`/v1/auth/approle/role/${name}`, { ...options, body });
    return decodeString(decodeObject(json, 'the answer'), 'role_id');
  }

  /** Its secret ids go with it. Repeating it changes nothing. */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    await this.#call('DELETE', path`/v1/auth/approle/role/${name}`, options);
  }

  /** @throws NOT_FOUND */
  async roleId(name: string, options: CallOptions = {}): Promise<string> {
    const json = await this.#call('GET', path`/v1/auth/approle/role/${name}/role-id`, options);
    return decodeString(decodeObject(json, 'the answer'), 'role_id');
  }

  /** A new one, which nobody can read again. @throws NOT_FOUND */
  async createSecretId(name: string, options: CallOptions = {}): Promise<Secret> {
    const json = await this.#call('POST', path`/v1/auth/approle/role/${name}/secret-id`, { ...options, body: {} });
    return new Secret(decodeString(decodeObject(json, 'the answer'), 'secret_id'));
  }

  /** Sent once: it takes a use of the secret id. @throws NOT_FOUND (the role id), UNAUTHORIZED (the secret id) */
  async login(roleId: string, secretId: Secret, options: CallOptions = {}): Promise<AppRoleLogin> {
    const body = { role_id: roleId, secret_id: secretId.expose() };
    const call = { method: 'POST', path: path`/v1/auth/approle/login`, auth: 'none' } as const;
    const { json } = await this.#requester.call({ ...call, body, hide: [body.secret_id], ...options });
    const reply = decodeObject(json, 'the answer');
    const { policies, ttl, renewable } = reply as unknown as AppRoleLogin;
    return { token: new Secret(decodeString(reply, 'client_token')), policies, ttl, renewable };
  }

  async #call(
    method: 'GET' | 'POST' | 'DELETE',
    at: RequestPath,
    options: CallOptions & { readonly body?: object },
  ): Promise<unknown> {
    const repeatable = method !== 'POST';
    return (await this.#requester.call({ method, path: at, auth: 'vault', repeatable, ...options })).json;
  }
}
