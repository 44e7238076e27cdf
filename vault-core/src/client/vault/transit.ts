// Transit: bytes in and out; what the server tags (`vault:v1:…`) stays text.

import { Secret } from '../../domain/secret.ts';
import type { TransitKey } from '../../wire/engine-shapes.ts';
import type { TransitKeyType } from '../../wire/words.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { badAnswer, decodeArray, decodeObject, decodeString } from '../decode.ts';
import { callVault } from '../kv.ts';
import { path, type RequestPath } from '../path.ts';
import type { Requester } from '../requester.ts';

export interface DataKey {
  /** 32 bytes, base64. */
  readonly plaintext: Secret;
  readonly ciphertext: string;
}

export class TransitApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  async listKeys(options: CallOptions = {}): Promise<string[]> {
    const reply = await callVault(this.#requester, { method: 'GET', path: path`/v1/transit/keys`, ...options });
    return decodeArray(reply.json, 'keys') as string[];
  }

  /** @throws BAD_REQUEST when there is one already */
  async createKey(
    name: string,
    options: CallOptions & { readonly type?: TransitKeyType | undefined } = {},
  ): Promise<void> {
    const { type, signal } = options;
    const body = type === undefined ? {} : { type };
    await callVault(this.#requester, { method: 'POST', path: path`/v1/transit/keys/${name}`, body, signal });
  }

  /** @throws NOT_FOUND */
  async readKey(name: string, options: CallOptions = {}): Promise<TransitKey> {
    const call = { method: 'GET', path: path`/v1/transit/keys/${name}`, ...options } as const;
    return decodeObject((await callVault(this.#requester, call)).json, 'the key') as TransitKey;
  }

  /** The number of the new version. @throws NOT_FOUND */
  async rotateKey(name: string, options: CallOptions = {}): Promise<number> {
    const call = { method: 'POST', path: path`/v1/transit/keys/${name}/rotate`, ...options } as const;
    const version = decodeObject((await callVault(this.#requester, call)).json, 'the answer')['new_version'];
    if (typeof version !== 'number') throw badAnswer('"new_version" is not a number');
    return version;
  }

  /** The oldest version that decrypts and verifies. @throws NOT_FOUND, BAD_REQUEST */
  async setMinimumVersion(name: string, minimum: number, options: CallOptions = {}): Promise<void> {
    const body = { min_decryption_version: minimum };
    const call = { method: 'POST', path: path`/v1/transit/keys/${name}/config`, body, repeatable: true } as const;
    await callVault(this.#requester, { ...call, ...options });
  }

  /** `vault:v<version>:…` */
  async encrypt(name: string, plaintext: Uint8Array, options: CallOptions = {}): Promise<string> {
    const text = base64(plaintext);
    return this.#text(path`/v1/transit/encrypt/${name}`, { plaintext: text }, 'ciphertext', options, [text]);
  }

  /** @throws BAD_REQUEST when it was changed, or made with another key */
  async decrypt(name: string, ciphertext: string, options: CallOptions = {}): Promise<Buffer> {
    const text = await this.#text(path`/v1/transit/decrypt/${name}`, { ciphertext }, 'plaintext', options);
    this.#requester.settings.onValue(text);
    return Buffer.from(text, 'base64');
  }

  /** The same plaintext under the newest version. */
  async rewrap(name: string, ciphertext: string, options: CallOptions = {}): Promise<string> {
    return this.#text(path`/v1/transit/rewrap/${name}`, { ciphertext }, 'ciphertext', options);
  }

  async dataKey(name: string, options: CallOptions = {}): Promise<DataKey> {
    const reply = await this.#post(path`/v1/transit/datakey/${name}`, {}, options);
    const plaintext = decodeString(reply, 'plaintext');
    this.#requester.settings.onValue(plaintext);
    return { plaintext: new Secret(plaintext), ciphertext: decodeString(reply, 'ciphertext') };
  }

  async sign(name: string, input: Uint8Array, options: CallOptions = {}): Promise<string> {
    return this.#text(path`/v1/transit/sign/${name}`, { input: base64(input) }, 'signature', options);
  }

  async hmac(name: string, input: Uint8Array, options: CallOptions = {}): Promise<string> {
    return this.#text(path`/v1/transit/hmac/${name}`, { input: base64(input) }, 'hmac', options);
  }

  async verify(
    name: string,
    input: Uint8Array,
    proof: { readonly signature: string } | { readonly hmac: string },
    options: CallOptions = {},
  ): Promise<boolean> {
    const reply = await this.#post(path`/v1/transit/verify/${name}`, { input: base64(input), ...proof }, options);
    if (typeof reply['valid'] !== 'boolean') throw badAnswer('"valid" is not true or false');
    return reply['valid'];
  }

  async #text(
    route: RequestPath,
    body: object,
    field: string,
    options: CallOptions,
    hide: readonly string[] = [],
  ): Promise<string> {
    return decodeString(await this.#post(route, body, options, hide), field);
  }

  async #post(
    route: RequestPath,
    body: object,
    { signal }: CallOptions,
    hide: readonly string[] = [],
  ): Promise<Readonly<Record<string, unknown>>> {
    // Nothing is stored by any of them.
    const call = { method: 'POST', path: route, body, hide, repeatable: true, signal } as const;
    return decodeObject((await callVault(this.#requester, call)).json, 'the answer');
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
