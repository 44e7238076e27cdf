// Writing secrets: one session for one environment inside a transaction, so that a batch reads and writes the environment's
// state once. Every change bumps the revision and leaves an event.

import { randomUUID } from 'node:crypto';
import type { Actor } from '../../domain/actor.ts';
import { ZvaultError } from '../../domain/errors.ts';
import { keyProblem, refuse, textProblem, valueProblem } from '../../domain/names.ts';
import { type Keyring, currentAddress } from '../keyring.ts';
import type { EnvironmentRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Transaction } from '../store/store.ts';
import { type EnvironmentState, readState, writeState } from './environments.ts';
import { recordEvent } from './event-log.ts';
import { isRestorable, requireLiveEnvironment } from './live.ts';
import { type SecretHeader, freshenSecret, headerOf, openSecret, sealSecret } from './secret-record.ts';

/** Versions kept of each secret, the current one included. */
const maxVersions = 100;
/** Bytes in front of a deleted secret's record: when it was deleted. */
const timeLength = 8;
/** Characters of a UUID. */
const idLength = 36;

export interface SecretWrite {
  readonly key: string;
  readonly value: string;
  /** Empty when left out, as the wire contract has it: a write without a comment erases the old one. */
  readonly comment?: string | undefined;
  /** The version that must be current; 0: none must exist. */
  readonly cas?: number | undefined;
}

export interface WriteOptions {
  readonly actor: Actor;
  readonly nowMs: number;
  readonly retentionMs: number;
}

export class SecretWriter {
  readonly #transaction: Transaction;
  readonly #keyring: Keyring;
  readonly #environment: EnvironmentRecord;
  readonly #options: WriteOptions;
  #state: EnvironmentState;

  private constructor(
    transaction: Transaction,
    keyring: Keyring,
    environment: EnvironmentRecord,
    options: WriteOptions,
    state: EnvironmentState,
  ) {
    this.#transaction = transaction;
    this.#keyring = keyring;
    this.#environment = environment;
    this.#options = options;
    this.#state = state;
  }

  /** @throws NOT_FOUND when the environment has been deleted meanwhile */
  static async open(
    transaction: Transaction,
    keyring: Keyring,
    environment: EnvironmentRecord,
    options: WriteOptions,
  ): Promise<SecretWriter> {
    await requireLiveEnvironment(transaction, environment);
    const state = await readState(transaction, environment.id);
    return new SecretWriter(transaction, keyring, environment, options, state);
  }

  /** What a session reads that writes these keys. */
  static reads({ id, project_id, org_id }: EnvironmentRecord, secretKeys: readonly string[]): string[] {
    return [
      keys.environmentOfProject(project_id, id),
      keys.projectOfOrg(org_id, project_id),
      keys.environmentState(id),
      currentAddress(`org/${org_id}`),
      ...secretKeys.flatMap((key) => [keys.secret(id, key), keys.lastVersion(id, key)]),
    ];
  }

  /** The environment's revision after what was written so far. */
  get revision(): number {
    return this.#state.revision;
  }

  /** Stores the environment's new state: the last call of each session. */
  finish(): Promise<void> {
    return writeState(this.#transaction, this.#environment.id, this.#state);
  }

  /** @throws BAD_REQUEST, CONFLICT */
  async put(write: SecretWrite): Promise<SecretHeader> {
    const { key, value, comment = '', cas } = write;
    refuse(keyProblem(key) ?? valueProblem(value) ?? textProblem(comment));
    const current = await this.#current(key);
    compare(key, cas, current?.header.version ?? 0);
    const { nowMs, actor } = this.#options;
    const header: SecretHeader = {
      id: current?.header.id ?? randomUUID(),
      key,
      version: await this.#nextVersion(key, current?.header.version ?? 0),
      created_at: current?.header.created_at ?? nowMs,
      updated_at: nowMs,
      created_by: actor,
    };
    const stored = await sealSecret(this.#transaction, this.#keyring, this.#environment, header, { value, comment });
    if (current) await this.#archive(current.header, current.stored);
    await this.#transaction.put(keys.secret(this.#environment.id, key), stored);
    await this.#changed('secret.written', header, current ? 0 : 1);
    return header;
  }

  /** @throws BAD_REQUEST, NOT_FOUND, CONFLICT (another object or version than was meant) */
  async delete(key: string, meant: { cas?: number | undefined; id?: string | undefined } = {}): Promise<SecretHeader> {
    refuse(keyProblem(key));
    const current = await this.#current(key);
    if (!current) throw notFound(key);
    const { header, stored } = current;
    if (meant.id !== undefined && meant.id.toLowerCase() !== header.id)
      throw new ZvaultError('CONFLICT', 'the secret is another object now', { hint: 'read it again' });
    compare(key, meant.cas, header.version);
    const { nowMs, retentionMs } = this.#options;
    const environmentId = this.#environment.id;
    await this.#transaction.delete(keys.secret(environmentId, key));
    await this.#transaction.put(keys.lastVersion(environmentId, key), String(header.version));
    // The time of deletion stands in front of the record, so that a restore finds the newest.
    await this.#transaction.put(
      keys.deletedSecret(environmentId, key, header.id),
      Buffer.concat([timeBytes(nowMs), await this.#fresh(stored)]),
    );
    await this.#transaction.put(
      keys.expiry(nowMs + retentionMs, `secret/${environmentId}/${key}\u0000${header.id}`),
      String(nowMs),
    );
    await this.#changed('secret.deleted', header, -1);
    return header;
  }

  /** Writes the value of an older version as a new one. @throws NOT_FOUND, CONFLICT */
  async rollback(
    key: string,
    version: number,
    cas: number | undefined,
  ): Promise<SecretHeader & { value: string; comment: string }> {
    refuse(keyProblem(key));
    const current = await this.#current(key);
    if (!current) throw notFound(key);
    const stored =
      version === current.header.version
        ? current.stored
        : (await this.#transaction.get(keys.history(this.#environment.id, current.header.id, version)))?.value;
    if (!stored) throw new ZvaultError('NOT_FOUND', `there is no version ${version}`);
    const old = await openSecret(this.#transaction, this.#keyring, this.#environment, key, stored);
    const content = { value: old.value.toString(), comment: old.comment };
    old.value.fill(0);
    const header = await this.put({ key, ...content, cas });
    return { ...header, ...content };
  }

  /** Brings the secret that was deleted last under this key back. @throws NOT_FOUND, CONFLICT (the key is in use) */
  async restore(key: string): Promise<{ header: SecretHeader; stored: Buffer }> {
    refuse(keyProblem(key));
    if (await this.#current(key))
      throw new ZvaultError('CONFLICT', 'a secret of that key exists', { hint: 'delete it first' });
    const environmentId = this.#environment.id;
    const { address, stored: deleted, header } = await this.#lastDeleted(key);
    const stored = await this.#fresh(deleted);
    await this.#transaction.delete(address);
    await this.#transaction.put(keys.secret(environmentId, key), stored);
    await this.#changed('secret.written', header, 1);
    return { header, stored };
  }

  async #lastDeleted(key: string): Promise<{ address: string; stored: Buffer; header: SecretHeader }> {
    const prefix = keys.deletedSecretPrefix(this.#environment.id, key);
    const entries = await this.#transaction.scan({ prefix });
    const [newest] = entries
      // A key may hold U+0000 itself: what follows the prefix must be an id, and no more.
      .filter((entry) => entry.key.length === prefix.length + idLength)
      .map(({ key: address, value }) => {
        const stored = value.subarray(timeLength);
        return { address, stored, header: headerOf(stored), deletedAt: deletionTime(value) };
      })
      .filter(({ deletedAt }) => isRestorable(deletedAt, this.#options))
      // Version numbers of a key only grow: they tell which came last where two were deleted in one millisecond.
      .sort((a, b) => b.deletedAt - a.deletedAt || b.header.version - a.header.version);
    if (!newest) throw notFound(key);
    return newest;
  }

  async #current(key: string): Promise<{ header: SecretHeader; stored: Buffer } | undefined> {
    const entry = await this.#transaction.get(keys.secret(this.#environment.id, key));
    return entry && { header: headerOf(entry.value), stored: entry.value };
  }

  /** Never a number that this key had before, under whatever object. */
  async #nextVersion(key: string, current: number): Promise<number> {
    const last = await this.#transaction.get(keys.lastVersion(this.#environment.id, key));
    return Math.max(current, last ? Number(last.value.toString()) : 0) + 1;
  }

  async #archive(header: SecretHeader, stored: Buffer): Promise<void> {
    const { id } = this.#environment;
    await this.#transaction.put(keys.history(id, header.id, header.version), await this.#fresh(stored));
    const tooOld = header.version - maxVersions + 1;
    if (tooOld >= 1) await this.#transaction.delete(keys.history(id, header.id, tooOld));
  }

  #fresh(stored: Buffer): Promise<Buffer> {
    return freshenSecret(this.#transaction, this.#keyring, this.#environment, stored);
  }

  async #changed(type: 'secret.written' | 'secret.deleted', header: SecretHeader, more: number): Promise<void> {
    const revision = this.#state.revision + 1;
    this.#state = { revision, count: this.#state.count + more };
    await recordEvent(
      this.#transaction,
      this.#environment.id,
      revision,
      { type, key: header.key, version: header.version },
      this.#options,
    );
  }
}

/** @throws CONFLICT unless `cas` is left out or the current version */
function compare(key: string, cas: number | undefined, version: number): void {
  if (cas === undefined || cas === version) return;
  const is = version === 0 ? 'does not exist' : `is at version ${version}`;
  throw new ZvaultError('CONFLICT', `${JSON.stringify(key)} ${is}, not at ${cas}`, {
    hint: 'read it again, and repeat with its version',
  });
}

function notFound(key: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `there is no secret ${JSON.stringify(key)}`);
}

function timeBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(timeLength);
  bytes.writeBigUInt64BE(BigInt(ms));
  return bytes;
}

/** When the secret of this tombstone was deleted, in milliseconds. */
export function deletionTime(tombstone: Buffer): number {
  return Number(tombstone.readBigUInt64BE(0));
}
