// Operating a vault: how it opens, under which keys it rests, backup and restore. Takes a token of the vault.

import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { RestoreStatus, Staged } from '../../wire/backup-shapes.ts';
import type { Infer } from '../../wire/schema.ts';
import type {
  generateRootBody,
  generateRootReply,
  KeySlotBody,
  keySlotCreatedReply,
  KeySlotInfo,
  rekeyBody,
  RotationStatus,
} from '../../wire/seal-shapes.ts';
import type { Rotatable } from '../../wire/words.ts';
import { path } from '../path.ts';
import type { Auth } from '../requester.ts';
import { type CallOptions, type ManagementCalls, objectOf } from './calls.ts';

/** The longest that a timer can wait: a large file over a slow line takes its time. */
const unlimitedMs = 2_147_483_647;

export class OperatorApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** New shares: nobody can read them again. @throws BAD_REQUEST for too few or wrong present ones */
  async rekey(body: Infer<typeof rekeyBody>, options: CallOptions = {}): Promise<string[]> {
    const call = { method: 'POST', rest: path`/v1/sys/rekey`, auth: 'vault', body, hide: body.unseal_shares } as const;
    const reply = objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as { unseal_shares: string[] };
    return reply.unseal_shares;
  }

  /** Takes shares or a recovery code instead of a token. */
  async generateRoot(
    body: Infer<typeof generateRootBody>,
    options: CallOptions = {},
  ): Promise<Infer<typeof generateRootReply>> {
    const hide = [...(body.shares ?? []), ...(body.recovery_code === undefined ? [] : [body.recovery_code])];
    const call = { method: 'POST', rest: path`/v1/sys/generate-root`, auth: 'none', body, hide } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as Infer<typeof generateRootReply>;
  }

  async keySlots(options: CallOptions = {}): Promise<KeySlotInfo[]> {
    const call = { method: 'GET', rest: path`/v1/sys/key-slots`, auth: 'vault' } as const;
    return (objectOf(await this.#calls.at({ ...call, ...options }), 'the list') as { slots: KeySlotInfo[] }).slots;
  }

  /** A recovery code or key in the answer is told once. */
  async addKeySlot(body: KeySlotBody, options: CallOptions = {}): Promise<Infer<typeof keySlotCreatedReply>> {
    const hide = 'passphrase' in body ? [body.passphrase] : [];
    const call = { method: 'POST', rest: path`/v1/sys/key-slots`, auth: 'vault', body, hide } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the answer') as Infer<typeof keySlotCreatedReply>;
  }

  /** @throws CONFLICT for the last one, NOT_FOUND */
  async removeKeySlot(id: string, options: CallOptions = {}): Promise<void> {
    await this.#calls.at({ method: 'DELETE', rest: path`/v1/sys/key-slots/${id}`, auth: 'vault', ...options });
  }

  /** All keys when `what` is left out. What the old ones have encrypted is encrypted again in the background. */
  async rotate(what?: readonly Rotatable[], options: CallOptions = {}): Promise<RotationStatus> {
    const body = what === undefined ? {} : { what };
    const call = { method: 'POST', rest: path`/v1/sys/rotate`, auth: 'vault', body } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the rotation') as RotationStatus;
  }

  async rotation(options: CallOptions = {}): Promise<RotationStatus> {
    const call = { method: 'GET', rest: path`/v1/sys/rotate`, auth: 'vault' } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the rotation') as RotationStatus;
  }

  /** Everything, encrypted, in the binary form. A stream that ends with an error is not a backup. */
  backup(options: CallOptions = {}): Promise<IncomingMessage> {
    const headers = { Accept: 'application/octet-stream' };
    const call = { method: 'GET', path: path`/v1/sys/backup`, auth: 'vault', headers } as const;
    return this.#calls.requester.open({ ...call, ...options });
  }

  /** Stages a backup. A server that is not initialized takes it without a token. @throws BAD_REQUEST for what is none */
  async restore(stream: () => Readable, options: CallOptions = {}): Promise<Staged> {
    const call = { method: 'POST', rest: path`/v1/sys/restore`, stream, timeoutMs: unlimitedMs } as const;
    return objectOf(await this.#calls.at({ ...call, auth: await this.#auth(), ...options }), 'the answer') as Staged;
  }

  async restoreStatus(options: CallOptions = {}): Promise<RestoreStatus> {
    const call = { method: 'GET', rest: path`/v1/sys/restore`, auth: await this.#auth() } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the state') as RestoreStatus;
  }

  /** @throws NOT_FOUND when no backup is staged */
  async cancelRestore(options: CallOptions = {}): Promise<void> {
    await this.#calls.at({ method: 'DELETE', rest: path`/v1/sys/restore`, auth: await this.#auth(), ...options });
  }

  async #auth(): Promise<Auth> {
    return (await this.#calls.requester.tokens.current()) === undefined ? 'none' : 'vault';
  }
}
