// Writes of secrets, their versions and their list. A write whose answer is lost is looked up before it is sent again, because
// somebody else may have written in between.

import { ZvaultError } from '../domain/errors.ts';
import { keyProblem, refuse, valueProblem } from '../domain/names.ts';
import type { Method } from '../wire/route.ts';
import type { BatchBody, SecretKey, SecretVersion } from '../wire/shapes.ts';
import { sleep } from './abort.ts';
import { decodeArray, decodeMetadata, decodeObject, type Entry, type SecretMetadata } from './decode.ts';
import { isNotFound, isRefusal, isUnrouted } from './failures.ts';
import { path, type RequestPath, under } from './path.ts';
import type { Reader } from './reader.ts';
import { isAmbiguous, type Reply, type Requester } from './requester.ts';
import { backoffMs } from './retry.ts';
import type { Place, Scope } from './scope.ts';

/** Largest body of a single write and of a batch, as the server takes them. */
const maxBodyBytes = 2_097_152;
const maxBatchBytes = 33_554_432;

export type BatchOperation = BatchBody['operations'][number];

export interface BatchResult {
  readonly results: readonly {
    readonly op: 'put' | 'delete';
    readonly key: string;
    readonly version: number;
    readonly id: string;
  }[];
  /** The environment's revision after the batch. */
  readonly revision: number;
}

export interface SetOptions {
  /** @default the comment that stands there */
  readonly comment?: string | undefined;
  /** The version that must be current; 0: the key must not exist. Otherwise CONFLICT. */
  readonly cas?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DeleteOptions {
  /** The object that is meant (`SecretMetadata.id`); CONFLICT if the key holds another by now. */
  readonly id?: string | undefined;
  readonly cas?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions {
  readonly cas?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What stood under a key: an entry, nothing, or something that the token may not read. */
type Standing = Entry | 'absent' | 'unknown';

interface EnvironmentCall {
  readonly method: Method;
  readonly rest: RequestPath;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly hide?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export class Writer {
  readonly #requester: Requester;
  readonly #scope: Scope;
  readonly #reader: Reader;

  constructor(requester: Requester, scope: Scope, reader: Reader) {
    this.#requester = requester;
    this.#scope = scope;
    this.#reader = reader;
  }

  async listKeys(place: Place, signal?: AbortSignal): Promise<SecretKey[]> {
    const { json } = await this.#call(place, { method: 'GET', rest: path`/secrets`, signal });
    return decodeArray(json, 'keys').map((item) => {
      decodeMetadata(item);
      return item as SecretKey;
    });
  }

  async set(place: Place, key: string, value: string, options: SetOptions = {}): Promise<SecretMetadata> {
    refuse(keyProblem(key) ?? valueProblem(value));
    const { signal, cas } = options;
    // A write without a comment erases the one that stands there, so it is sent back; its version tells later what was done.
    const before = options.comment === undefined ? await this.#standing(place, key, signal) : 'unknown';
    const comment = options.comment ?? (typeof before === 'object' ? before.comment : undefined);
    const body = { value, ...(comment === undefined ? {} : { comment }), ...(cas === undefined ? {} : { cas }) };
    if (Buffer.byteLength(JSON.stringify(body)) > maxBodyBytes) {
      // Control characters grow sixfold in JSON. A batch may be larger; its answer says less.
      const { results } = await this.batch(place, [{ op: 'put', key, ...body }], { signal });
      const { version = 0, id } = results[0] ?? {};
      const times = { created_at: '', updated_at: '' };
      return { key, version, comment: comment ?? '', ...times, ...(id === undefined ? {} : { id }) };
    }
    const put = { method: 'PUT', rest: path`/secrets/${key}`, body, hide: textsToHide([value]), signal } as const;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const written = metadataOf(await this.#call(place, put));
        return this.#wrote(place, { ...written, value });
      } catch (error) {
        if (!isAmbiguous(error)) throw error;
        const now = await this.#lookAfter(place, key, error, signal);
        if (isDone(before, now, value)) return this.#wrote(place, now);
        if (!isUntouched(before, now) || attempt > this.#requester.settings.maxRetries) throw unsure(error, key);
        await sleep(backoffMs(attempt, this.#requester.random), signal);
      }
    }
  }

  async delete(place: Place, key: string, options: DeleteOptions = {}): Promise<void> {
    refuse(keyProblem(key));
    const { id, cas, signal } = options;
    try {
      await this.#call(place, { method: 'DELETE', rest: path`/secrets/${key}`, query: { id, cas }, signal });
    } catch (error) {
      if (!isAmbiguous(error)) throw error;
      if ((await this.#lookAfter(place, key, error, signal)) !== 'absent') throw unsure(error, key);
    }
    this.#reader.memoryOf(place).wrote(new Map([[key, undefined]]), this.#now());
  }

  /** Writes and deletes many keys, all or nothing, in one request. */
  async batch(place: Place, operations: readonly BatchOperation[], options: WriteOptions = {}): Promise<BatchResult> {
    for (const operation of operations) {
      refuse(keyProblem(operation.key) ?? (operation.op === 'put' ? valueProblem(operation.value) : undefined));
    }
    const complete = await this.#withComments(place, operations, options.signal);
    const body = { operations: complete };
    if (Buffer.byteLength(JSON.stringify(body)) > maxBatchBytes) {
      throw new ZvaultError('PAYLOAD_TOO_LARGE', `a batch must have at most ${maxBatchBytes} bytes`, {
        hint: 'write fewer secrets at once',
      });
    }
    const hide = textsToHide(complete.flatMap((operation) => (operation.op === 'put' ? [operation.value] : [])));
    const memory = this.#reader.memoryOf(place);
    try {
      const call = { method: 'POST', rest: path`/batch`, body, hide, signal: options.signal } as const;
      const result = (await this.#call(place, call)).json as BatchResult;
      decodeArray(result, 'results');
      memory.wrote(
        new Map(complete.map((operation, index) => [operation.key, entryOf(operation, result, index)])),
        this.#now(),
      );
      return result;
    } catch (error) {
      if (!isAmbiguous(error)) throw error;
      memory.expire();
      throw unsure(error, `${operations.length} secrets`);
    }
  }

  async versions(place: Place, key: string, signal?: AbortSignal): Promise<SecretVersion[]> {
    const { json } = await this.#call(place, { method: 'GET', rest: path`/secrets/${key}/versions`, signal });
    return decodeArray(json, 'versions') as SecretVersion[];
  }

  /** Writes the value of an older version as a new one. */
  rollback(place: Place, key: string, version: number, options: WriteOptions = {}): Promise<SecretMetadata> {
    const { cas, signal } = options;
    const body = { version, ...(cas === undefined ? {} : { cas }) };
    return this.#revive(place, { method: 'POST', rest: path`/secrets/${key}/rollback`, body, signal });
  }

  /** Brings a deleted secret back. */
  restore(place: Place, key: string, signal?: AbortSignal): Promise<SecretMetadata> {
    return this.#revive(place, { method: 'POST', rest: path`/secrets/${key}/restore`, signal });
  }

  async #revive(place: Place, call: EnvironmentCall): Promise<SecretMetadata> {
    // The value that stands now may not be in the answer, so nothing remembered is right any more.
    const memory = this.#reader.memoryOf(place);
    try {
      return metadataOf(await this.#call(place, call));
    } finally {
      memory.forget();
    }
  }

  async #call(place: Place, call: EnvironmentCall): Promise<Reply> {
    const { rest, ...others } = call;
    const environment = await this.#scope.environment(place, call.signal);
    return this.#scope.withProject(place, call.signal, ({ org, project }) =>
      this.#requester.call({
        ...others,
        path: under(path`/v1/cloud/orgs/${org}/projects/${project}/envs/${environment}`, rest),
      }),
    );
  }

  async #standing(place: Place, key: string, signal: AbortSignal | undefined): Promise<Standing> {
    try {
      return await this.#reader.fetchOne(place, key, undefined, signal);
    } catch (error) {
      if (isNotFound(error)) return 'absent';
      if (isRefusal(error)) return 'unknown';
      throw error;
    }
  }

  /** What stands there after an attempt whose outcome is unknown; if that cannot be told, the attempt's own error. */
  async #lookAfter(place: Place, key: string, error: unknown, signal: AbortSignal | undefined): Promise<Standing> {
    this.#reader.memoryOf(place).expire();
    try {
      return await this.#standing(place, key, signal);
    } catch {
      throw unsure(error, key);
    }
  }

  async #withComments(
    place: Place,
    operations: readonly BatchOperation[],
    signal: AbortSignal | undefined,
  ): Promise<readonly BatchOperation[]> {
    if (operations.every((operation) => operation.op === 'delete' || operation.comment !== undefined))
      return operations;
    let comments: Map<string, string>;
    try {
      comments = new Map((await this.listKeys(place, signal)).map(({ key, comment }) => [key, comment]));
    } catch (error) {
      // A token that may write but not read cannot know the comments.
      if (isRefusal(error) && !isUnrouted(error)) return operations;
      throw error;
    }
    return operations.map((operation) => {
      const comment =
        operation.op === 'put' && operation.comment === undefined ? comments.get(operation.key) : undefined;
      return comment === undefined ? operation : { ...operation, comment };
    });
  }

  #wrote(place: Place, entry: Entry): SecretMetadata {
    this.#reader.memoryOf(place).wrote(new Map([[entry.key, entry]]), this.#now());
    const { value: _, ...metadata } = entry;
    return metadata;
  }

  #now(): number {
    return this.#requester.settings.host.now();
  }
}

function metadataOf(reply: Reply): SecretMetadata {
  return decodeMetadata(decodeObject(reply.json, 'the answer')['secret']);
}

function entryOf(operation: BatchOperation, result: BatchResult, index: number): Entry | undefined {
  if (operation.op === 'delete') return undefined;
  const version = result.results[index]?.version ?? 0;
  const { key, value, comment = '' } = operation;
  return { key, value, version, comment, created_at: '', updated_at: '' };
}

/** The value stands there, as a version that was not there before. */
function isDone(before: Standing, now: Standing, value: string): now is Entry {
  if (typeof now !== 'object' || now.value !== value) return false;
  return typeof before !== 'object' || now.version !== before.version || now.id !== before.id;
}

/** Nothing happened to the key since `before`: the write was not done, and may be sent again. */
function isUntouched(before: Standing, now: Standing): boolean {
  if (typeof before === 'object' && typeof now === 'object')
    return now.version === before.version && now.id === before.id;
  return now === 'absent' && typeof before !== 'object';
}

function unsure(error: unknown, what: string): ZvaultError {
  const { code, message, details, cause } = error as ZvaultError;
  return new ZvaultError(code, `${message}; it is not known whether ${what} was written`, {
    hint: 'read it, and write again if it is not there',
    details,
    cause,
  });
}

/** Texts that a server's message must not repeat. Very short ones would take ordinary words with them. */
function textsToHide(values: readonly string[]): string[] {
  return values.filter((value) => value.length >= 4).flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]);
}
