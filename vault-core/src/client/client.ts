// createClient: the client of the HTTP API, put together from its parts. Every method that waits takes an AbortSignal.

import { ZvaultError } from '../domain/errors.ts';
import type { Method } from '../wire/route.ts';
import type { Me, SecretKey, SecretVersion } from '../wire/shapes.ts';
import { Bulk } from './bulk.ts';
import { AuthApi } from './auth/api.ts';
import { CloudApi } from './cloud/api.ts';
import type { ChangeContext, SecretEvent, WatchOptions } from './change.ts';
import type { ConfigDefinition, ConfigOf, ConfigSchema } from './config.ts';
import type { SecretMetadata } from './decode.ts';
import { isNotFound, withDetails, detailsOf } from './failures.ts';
import { type Injected, type InjectOptions, injectSecrets } from './inject.ts';
import type { ClientOptions } from './options.ts';
import { path, type QueryValue } from './path.ts';
import { Reader } from './reader.ts';
import type { References } from './references.ts';
import { type Auth, Requester } from './requester.ts';
import { type Place, type ProjectName, Scope } from './scope.ts';
import { Secrets } from './secrets.ts';
import { resolveSettings } from './settings.ts';
import { iterateChanges, watchChanges, type WatchCallback, type Watcher } from './watch.ts';
import { VaultApi } from './vault/api.ts';
import {
  type BatchOperation,
  type BatchResult,
  type DeleteOptions,
  type SetOptions,
  type WriteOptions,
  Writer,
} from './writer.ts';

/** Longest wait of `healthy()`. */
const healthTimeoutMs = 5000;

/** Which environment, and how. A plain string is the environment. */
export interface ReadOptions {
  /** Slug or id. @default the client's environment */
  readonly environment?: string | undefined;
  /** The same as `environment`. */
  readonly env?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Ask the server even if the values in memory are fresh. @default false */
  readonly fresh?: boolean | undefined;
}

export interface GetOptions extends ReadOptions {
  /** An older version. */
  readonly version?: number | undefined;
}

/** What `getAllIfChanged` brings. */
export interface ChangedSecrets {
  /** Names these values in the next question; `undefined` where the server has no names for them. */
  readonly etag: string | undefined;
  readonly secrets: Secrets;
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Becomes JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The same request twice does what one does, so that it may be repeated. @default true for GET */
  readonly idempotent?: boolean | undefined;
  /** @default `bearer` for paths below /v1/cloud, else `vault` */
  readonly auth?: Auth | undefined;
}

/**
 * Makes a client. Asks nothing yet.
 * @throws CONFIG_INVALID, TOKEN_INSECURE
 */
export function createClient(options: ClientOptions = {}): VaultClient {
  return new VaultClient(options);
}

export class VaultClient implements AsyncDisposable {
  /** The management routes. */
  readonly cloud: CloudApi;
  /** The vault API: KV, mounts, transit, leases. */
  readonly vault: VaultApi;
  /** Policies, tokens of the vault API, AppRoles and JWT roles. */
  readonly auth: AuthApi;
  readonly #requester: Requester;
  readonly #scope: Scope;
  readonly #bulk: Bulk;
  readonly #reader: Reader;
  readonly #writer: Writer;
  #references: Promise<References> | undefined;

  constructor(options: ClientOptions = {}) {
    this.#requester = new Requester(resolveSettings(options), {
      refused: () => this.#reader.forgetAll(),
      renewed: () => {
        this.#scope.forget();
        this.#reader.forgetMemory();
      },
    });
    this.#scope = new Scope(this.#requester);
    this.#bulk = new Bulk(this.#requester, this.#scope);
    this.#reader = new Reader(this.#requester, this.#scope, this.#bulk);
    this.#writer = new Writer(this.#requester, this.#scope, this.#reader);
    this.cloud = new CloudApi(this.#requester, this.#scope);
    this.vault = new VaultApi(this.#requester);
    this.auth = new AuthApi(this.#requester);
  }

  /** All secrets of an environment: from memory while fresh, else by one request; last-known values while the server is away. */
  async getAll(environment?: string | ReadOptions): Promise<Secrets> {
    const { place, options } = read(environment);
    const { value, checkedAtMs, stale } = await this.#reader.readAll(place, options);
    return new Secrets(value, { fetchedAtMs: checkedAtMs, stale });
  }

  /**
   * For callers who keep values themselves: one conditional request, never from memory. `undefined` while the server has what `etag`
   * (of an earlier answer) names; older servers always bring all.
   */
  async getAllIfChanged(
    etag: string | undefined,
    environment?: string | Omit<ReadOptions, 'fresh'>,
  ): Promise<ChangedSecrets | undefined> {
    const { place, options } = read(environment);
    const changed = await this.#reader.readIfChanged(place, etag, options.signal);
    if (changed === undefined) return undefined;
    const secrets = new Secrets(changed.entries, { fetchedAtMs: changed.checkedAtMs, stale: false });
    return { etag: changed.etag, secrets };
  }

  /** One secret. @throws NOT_FOUND */
  async get(key: string, environment?: string | GetOptions): Promise<string> {
    const { place, options } = read<GetOptions>(environment);
    try {
      if (options.version === undefined) return (await this.#reader.readOne(place, key, options)).value.value;
      return (await this.#reader.fetchOne(place, key, options.version, options.signal)).value;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const where = await this.#scope.environment(place, options.signal);
      const version = options.version === undefined ? '' : ` (version ${options.version})`;
      const text = `no secret "${key}"${version} in the environment "${where}"`;
      throw withDetails(new ZvaultError('NOT_FOUND', text, { cause: error }), detailsOf(error));
    }
  }

  /** Keys with version and comment, no values. */
  listKeys(environment?: string | ReadOptions): Promise<SecretKey[]> {
    const { place, options } = read(environment);
    return this.#writer.listKeys(place, options.signal);
  }

  /** Writes a secret; the last argument is its comment, or options. */
  set(key: string, value: string, environment?: string, options: string | SetOptions = {}): Promise<SecretMetadata> {
    return this.#writer.set({ environment }, key, value, typeof options === 'string' ? { comment: options } : options);
  }

  /** @throws NOT_FOUND, CONFLICT when it is not the object or version that is meant */
  delete(key: string, environment?: string, options: DeleteOptions = {}): Promise<void> {
    return this.#writer.delete({ environment }, key, options);
  }

  /** Many writes and deletes in one request, all or nothing. */
  batch(operations: readonly BatchOperation[], environment?: string, options: WriteOptions = {}): Promise<BatchResult> {
    return this.#writer.batch({ environment }, operations, options);
  }

  /** Versions of a secret, newest first, without values. */
  versions(key: string, environment?: string | ReadOptions): Promise<SecretVersion[]> {
    const { place, options } = read(environment);
    return this.#writer.versions(place, key, options.signal);
  }

  /** Writes the value of an older version as a new one. */
  rollback(key: string, version: number, environment?: string, options: WriteOptions = {}): Promise<SecretMetadata> {
    return this.#writer.rollback({ environment }, key, version, options);
  }

  /** Brings a deleted secret back. */
  restore(key: string, environment?: string | ReadOptions): Promise<SecretMetadata> {
    const { place, options } = read(environment);
    return this.#writer.restore(place, key, options.signal);
  }

  /** Changes as they happen: to a callback, or one by one from an async iterable. */
  watch(options?: WatchOptions): AsyncIterableIterator<SecretEvent>;
  watch(callback: WatchCallback, options?: WatchOptions): Watcher;
  watch(
    first: WatchCallback | WatchOptions = {},
    second: WatchOptions = {},
  ): AsyncIterableIterator<SecretEvent> | Watcher {
    const context: ChangeContext = {
      requester: this.#requester,
      scope: this.#scope,
      reader: this.#reader,
      writer: this.#writer,
    };
    return typeof first === 'function' ? watchChanges(context, first, second) : iterateChanges(context, first);
  }

  /** Sets a variable of the process for each secret, or none. @throws INPUT_INVALID naming those that cannot be one */
  async injectIntoEnv(environment?: string | ReadOptions, options: InjectOptions = {}): Promise<Injected> {
    const secrets = await this.getAll(environment);
    const env = options.env ?? this.#requester.settings.host.env;
    return injectSecrets(secrets, env, options);
  }

  /** The value that a `zvault://` reference means. `environment` is for references that name none. */
  async resolve(reference: string, environment?: string | ReadOptions): Promise<string> {
    const resolved = await this.resolveAll([reference], environment);
    return resolved.get(reference) ?? '';
  }

  /** Values under the texts of their references, by as few requests as possible. All or nothing. */
  async resolveAll(references: Iterable<string>, environment?: string | ReadOptions): Promise<Secrets> {
    const { place, options } = read(environment);
    this.#references ??= import('./references.ts').then(
      ({ References: Resolver }) => new Resolver(this.#requester, this.#bulk, this.#reader),
    );
    const resolver = await this.#references;
    return resolver.resolveAll(references, { environment: place.environment, signal: options.signal });
  }

  /** The environment's secrets as a typed object. @throws CONFIG_INVALID naming every key that does not fit */
  async loadConfig<S extends ConfigSchema>(
    definition: ConfigDefinition<S>,
    environment?: string | ReadOptions,
  ): Promise<ConfigOf<S>> {
    return definition.parse(await this.getAll(environment));
  }

  /** Does the server answer, unsealed, and take the token? One attempt, never throws. */
  async healthy(options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    try {
      const { timeoutMs } = this.#requester.settings;
      const limits = {
        maxRetries: 0,
        timeoutMs: Math.min(timeoutMs, healthTimeoutMs),
        signal: options.signal,
      } as const;
      const token = await this.#requester.tokens.current();
      const auth = token === undefined ? 'none' : 'bearer';
      const route = token === undefined ? path`/v1/sys/health` : path`/v1/cloud/me`;
      const unrouted = token === undefined ? [] : [404];
      const reply = await this.#requester.call({ method: 'GET', path: route, auth, accept: unrouted, ...limits });
      if (reply.status !== 404) return true;
      await this.#requester.call({ method: 'GET', path: path`/v1/sys/health`, auth: 'none', ...limits });
      return true;
    } catch {
      return false;
    }
  }

  /** Who the token is. */
  async me(options: { readonly signal?: AbortSignal } = {}): Promise<Me> {
    return this.#scope.askIdentity(options.signal);
  }

  /** The client's organisation and project, as given or as the token tells them. @throws CONFIG_INVALID */
  ownProject(options: { readonly signal?: AbortSignal } = {}): Promise<ProjectName> {
    return this.#scope.project({}, options.signal);
  }

  /** Metrics as text for Prometheus. */
  metrics(): string {
    return this.#requester.metrics.text();
  }

  /** Any request. `target` is the encoded path, without the address. `undefined` for an empty answer. */
  async request<T = unknown>(method: Method, target: string, options: RequestOptions = {}): Promise<T> {
    if (!target.startsWith('/')) throw new TypeError('a path starts with "/"');
    const { idempotent, auth, ...others } = options;
    const reply = await this.#requester.call({
      ...others,
      method,
      path: { target, template: target.startsWith('/v1/cloud') ? '/v1/cloud/{}' : '/{}' },
      auth: auth ?? (target.startsWith('/v1/cloud') ? 'bearer' : 'vault'),
      repeatable: idempotent ?? method === 'GET',
    });
    return reply.json as T;
  }

  /** Ends watches and requests, forgets all values, and frees the sockets. */
  close(): void {
    this.#requester.close();
    this.#reader.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `VaultClient(${this.#requester.settings.base.origin})`;
  }
}

function read<T extends ReadOptions>(environment: string | T | undefined): { place: Place; options: T } {
  const options = (typeof environment === 'string' ? { environment } : (environment ?? {})) as T;
  return { place: { environment: options.environment ?? options.env }, options };
}
