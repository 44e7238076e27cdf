import type { Mount } from '../../wire/engine-shapes.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeArray } from '../decode.ts';
import { callVault } from '../kv.ts';
import { path } from '../path.ts';
import type { Requester } from '../requester.ts';

export class MountsApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  async list(options: CallOptions = {}): Promise<Mount[]> {
    const reply = await callVault(this.#requester, { method: 'GET', path: path`/v1/sys/mounts`, ...options });
    return decodeArray(reply.json, 'mounts') as Mount[];
  }

  /** @throws CONFLICT (in use), BAD_REQUEST */
  async create(
    name: string,
    {
      description,
      engine = 'kv',
      signal,
    }: CallOptions & { readonly description?: string; readonly engine?: string } = {},
  ): Promise<void> {
    const body = { engine_type: engine, ...(description === undefined ? {} : { description }) };
    await callVault(this.#requester, { method: 'POST', path: path`/v1/sys/mounts/${name}`, body, signal });
  }

  /** What it holds stays, and is there again when it is mounted again. @throws NOT_FOUND */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    await callVault(this.#requester, { method: 'DELETE', path: path`/v1/sys/mounts/${name}`, ...options });
  }
}
