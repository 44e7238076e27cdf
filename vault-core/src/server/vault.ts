// The engine: store, seal, audit, access and the caches of one server process, without HTTP.

import { randomUUID } from 'node:crypto';
import { type Host, processHost } from '../domain/host.ts';
import { ZvaultError, isZvaultError, messageOf } from '../domain/errors.ts';
import { systemActor } from '../domain/actor.ts';
import { createToken, hashToken, tokenDisplayPrefix } from '../domain/token.ts';
import type { InitReply } from '../wire/shapes.ts';
import { AccessControl } from './access.ts';
import { Audit } from './audit/audit.ts';
import { escrow, hasPublicKey, isEscrow } from './audit/escrow.ts';
import { createDevice } from './audit/open-device.ts';
import { SigningKey } from './audit/signing-key.ts';
import { chainKeyPrefix } from './audit/verify.ts';
import { EventHub } from './cloud/event-hub.ts';
import { SecretReader } from './cloud/reading.ts';
import { sweep } from './cloud/sweeper.ts';
import { TokenUse } from './cloud/token-use.ts';
import { Committer } from './commit.ts';
import { replaceVault, requireSame } from './backup/activate.ts';
import { type StagedBackup, eraseDeadUploads, readStaged } from './backup/staging.ts';
import { type CipherKey, decrypt, encrypt } from './crypto/cipher.ts';
import { Engines } from './engines/engines.ts';
import type { Issuers } from './identity/issuers.ts';
import type { RoleIssuers } from './identity/role-issuers.ts';
import type { Keyring } from './keyring.ts';
import { dropExpired } from './login/codes.ts';
import type { Providers } from './login/providers.ts';
import { SignIn } from './login/sign-in.ts';
import { Gauges } from './metrics.ts';
import type { ResolvedOptions } from './options.ts';
import { Records, type TokenRecord } from './records.ts';
import { Rotator } from './rotation/rotator.ts';
import { type InitOptions, Seal } from './seal.ts';
import { readSealConfig } from './seal/config.ts';
import { confirmSlot } from './seal/manage.ts';
import { keys } from './store/keys.ts';
import { openStore } from './store/open.ts';
import type { Store, Transaction } from './store/store.ts';
import { addVaultGauges } from './vault-gauges.ts';
import { wayIn } from './way-in.ts';
import type { ParentLink } from './workers/link.ts';

/** Lines of the audit that routes can ask for: a vault in memory keeps fewer. */
const auditLines = { memory: 10_000, disk: 1_000_000 } as const;
const sweepIntervalMs = 3_600_000;
/** How soon this server notices that another one has replaced the keys. */
const keyWatchMs = 1000;

/** Whose identity tokens are believed, and where people sign in. */
interface Identities {
  readonly issuers: Issuers;
  readonly providers: Providers;
}

export class Vault {
  readonly options: ResolvedOptions;
  readonly host: Host;
  readonly store: Store;
  readonly seal: Seal;
  readonly records: Records;
  readonly audit: Audit;
  /** Signs the audit's checkpoints. */
  readonly signingKey = new SigningKey();
  readonly access: AccessControl;
  readonly committer: Committer;
  readonly secrets: SecretReader;
  readonly events: EventHub;
  readonly tokenUse: TokenUse;
  readonly engines: Engines;
  readonly rotator: Rotator;
  /** Where this process is one of several workers. */
  readonly parent: ParentLink | undefined;
  /** Runs `work` when no request is open, and refuses new ones until it is done. Set by whoever answers requests. */
  quiet: (work: () => Promise<void>) => Promise<void> = (work) => work();
  readonly signIn: SignIn;
  /** Numbers for `/v1/metrics`. */
  readonly gauges = new Gauges();
  readonly #closeIssuers: () => void;
  #roleIssuers: Promise<RoleIssuers> | undefined;
  #keyWatch: NodeJS.Timeout | undefined;
  #sealRevision = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  #endsWithProcess = false;

  private constructor(
    options: ResolvedOptions,
    host: Host,
    store: Store,
    { issuers, providers }: Identities,
    parent?: ParentLink,
  ) {
    const now = (): number => host.now();
    const keyring = (): Keyring => this.seal.keyring;
    this.options = options;
    this.host = host;
    this.store = store;
    this.parent = parent;
    this.seal = new Seal(store, now, { holder: parent, warn: options.warn });
    this.records = new Records(keyring);
    this.audit = new Audit({
      store,
      devices: options.audit.map((device) => createDevice(device, { fsync: options.auditFsync })),
      maxLines: options.storage.kind === 'memory' ? auditLines.memory : auditLines.disk,
      volatile: options.storage.kind === 'memory',
      now,
      wrapKey: (key, address, transaction) => this.#wrapChainKey(key, address, transaction),
      escrowKey: async (key, address, transaction) =>
        escrow(transaction, address, key, (await readSealConfig(transaction)) !== undefined),
      unwrapKey: async (wrapped, address) =>
        isEscrow(wrapped)
          ? this.signingKey.openEscrow(address, wrapped)
          : decrypt(await keyring().keyOf(store, 'system', wrapped), address, wrapped),
      // Without a device there is no log that could be taken to an auditor, and a vault for a test need not load what signs.
      sign: (message) => (options.audit.length === 0 ? undefined : this.signingKey.sign(message)),
      warn: options.warn,
    });
    this.#closeIssuers = () => issuers.close();
    this.signIn = new SignIn(options, providers, now);
    this.access = new AccessControl({ store, records: this.records, issuers, now });
    this.committer = new Committer(store, this.audit);
    this.secrets = new SecretReader(store, keyring);
    this.events = new EventHub(store);
    this.tokenUse = new TokenUse(store, options.warn);
    this.engines = new Engines({
      store,
      records: this.records,
      keyring,
      now,
      leaseScanMs: options.leaseScanMs,
      note: (data) => this.audit.note('lease-end', data),
      warn: options.warn,
    });
    this.rotator = new Rotator({ store, keyring, records: this.records, now, warn: options.warn });
    addVaultGauges(this);
  }

  /** Opens the store and the audit; unseals if the options say how and the vault is initialized. */
  static async open(options: ResolvedOptions, host: Host = processHost(), parent?: ParentLink): Promise<Vault> {
    const store = await openStore(options.storage);
    let vault: Vault | undefined;
    try {
      vault = new Vault(options, host, store, await openIdentities(options, host), parent);
      await vault.audit.start();
      await vault.#unsealAtStart();
      await vault.#escrowChainKey();
      return vault;
    } catch (error) {
      await (vault ?? store).close();
      throw error;
    }
  }

  /**
   * Creates the keys and the root token. The vault stays sealed. `beforeCommit` writes the audit record.
   * @throws BAD_REQUEST, CONFLICT
   */
  async init(options: InitOptions, beforeCommit: () => void): Promise<InitReply> {
    if (await readStaged(this.store)) {
      throw new ZvaultError('CONFLICT', 'a backup waits here to be unsealed', {
        hint: 'unseal it with its own shares, or cancel it with "zvault restore --cancel"',
      });
    }
    try {
      const reply = await this.#init(options, beforeCommit);
      // Signed while the key is here: what this process wrote before the vault was opened for the first time is proven too.
      try {
        this.audit.noteSigned('checkpoint');
      } catch (error) {
        // The shares are made, and must be told.
        this.options.warn(`can't write a checkpoint of the audit: ${messageOf(error)}`);
      }
      return reply;
    } finally {
      // A vault that is open already was refused, and goes on signing.
      if (this.seal.sealed) this.signingKey.zero();
    }
  }

  async #init(options: InitOptions, beforeCommit: () => void): Promise<InitReply> {
    const { prepared, ...reply } = await this.seal.init(options, async (transaction, keyring) => {
      await this.signingKey.create(transaction, keyring);
      await this.signingKey.publishEscrowKey(transaction);
      const token = await this.createRootToken(transaction, new Records(() => keyring));
      await this.audit.keepKey(transaction, async (key, address) =>
        encrypt(await keyring.current(transaction, 'system'), address, key),
      );
      beforeCommit();
      return token;
    });
    return { ...reply, root_token: prepared };
  }

  /** Creates keys that are never written, and a root token; leaves the vault unsealed. */
  async initEphemeral(): Promise<{ rootToken: string }> {
    const rootToken = await this.seal.initEphemeral((transaction, keyring) =>
      this.createRootToken(transaction, new Records(() => keyring)),
    );
    await this.unsealed();
    return { rootToken };
  }

  /** The issuers that JWT roles name. Most vaults never need what verifies identity tokens. */
  roleIssuers(): Promise<RoleIssuers> {
    this.#roleIssuers ??= import('./identity/role-issuers.ts').then(({ RoleIssuers }) => {
      const { jwtIssuers, loopbackIssuers, warn } = this.options;
      return new RoleIssuers(jwtIssuers, { now: this.host.now, allowLoopbackHttp: loopbackIssuers, warn });
    });
    return this.#roleIssuers;
  }

  /** Opens with the root key of the parent, which is overwritten. @throws AUDIT_UNAVAILABLE; the vault stays sealed then */
  async adopt(root: CipherKey): Promise<void> {
    await this.seal.adopt(root);
    await this.unsealed();
  }

  /** To be called whenever the vault has been opened. @throws AUDIT_UNAVAILABLE; the vault is sealed again then */
  async unsealed(): Promise<void> {
    // The parent of workers opens the one that took the last share before it answers it.
    if (this.#keyWatch) return;
    try {
      await this.signingKey.open(this.store, this.seal.keyring);
      this.audit.noteSigned('unseal');
    } catch (error) {
      this.signingKey.zero();
      this.seal.seal();
      throw error;
    }
    this.#startWork();
    // The chain's key is kept from here on: what a crash leaves can be verified.
    if (this.options.storage.kind !== 'memory') {
      await this.#keepChainKeys().catch((error: unknown) => {
        this.options.warn(`can't store the audit's key yet: ${messageOf(error)}`);
      });
    }
    setImmediate(() => this.#sweep());
  }

  /**
   * Puts a staged backup that was proven with its own root key in the place of everything, and opens it. Open requests must have ended.
   * `beforeCommit` writes the audit record.
   * @throws CONFLICT (it was cancelled), STORAGE_FULL …; the vault goes on as it was then
   */
  async replaceWith(staged: StagedBackup, root: CipherKey, beforeCommit: () => void): Promise<void> {
    const present = this.seal.sealed ? undefined : this.seal.keyring;
    try {
      await this.committer.idle();
      await this.#stopWork();
      await this.store.transaction(async (transaction) => {
        requireSame(staged, await readStaged(transaction));
        await replaceVault(transaction, staged, root, present);
        beforeCommit();
      });
    } catch (error) {
      root.bytes.fill(0);
      if (present) this.#startWork();
      throw error;
    }
    this.audit.storeReplaced();
    await this.lock();
    await this.seal.open(root);
    await this.unsealed();
    const copy = this.parent && (await this.seal.copyRoot());
    if (copy) await this.parent?.replaced(copy).finally(() => copy.bytes.fill(0));
  }

  /** The answer with a slot's new secret has left: what the slot replaces goes. */
  confirmSlot(id: string): void {
    confirmSlot(this.store, id).catch((error: unknown) =>
      this.options.warn(`can't remove the key slots that were replaced: ${messageOf(error)}`),
    );
  }

  /** Forgets all keys and everything that was decrypted. Open requests must have ended. */
  async lock(): Promise<void> {
    if (this.seal.sealed) return;
    await this.committer.idle();
    try {
      await this.#stopWork();
      this.audit.noteSigned('seal');
      // A store in memory that is about to end needs no last words.
      if (!this.#endsWithProcess) await this.audit.flush();
    } catch (error) {
      // A full disk must not keep the keys in memory.
      this.options.warn(`sealed without a complete record of it: ${messageOf(error)}`);
    }
    this.access.clear();
    this.secrets.clear();
    this.signingKey.zero();
    this.seal.seal();
    this.events.wakeAll();
  }

  /** Stops everything. May be called more than once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.events.close();
    this.signIn.close();
    this.#endsWithProcess = this.options.storage.kind === 'memory';
    try {
      await this.lock();
      await this.audit.close({ store: !this.#endsWithProcess });
    } catch (error) {
      this.options.warn(`stopped without a complete record of it: ${messageOf(error)}`);
    } finally {
      this.#closeIssuers();
      (await this.#roleIssuers)?.close();
      await this.store.close();
    }
  }

  async createRootToken(transaction: Transaction, records: Records): Promise<string> {
    const token = createToken('root', this.host.randomBytes);
    const record: TokenRecord = {
      id: randomUUID(),
      kind: 'root',
      hash: hashToken(token),
      org_id: '',
      project_id: '',
      environment_id: null,
      name: 'root',
      token_prefix: tokenDisplayPrefix(token),
      permissions: ['read', 'write'],
      expires_at: null,
      created_by: systemActor,
      created_at: this.host.now(),
      revoked_at: null,
    };
    await records.write(transaction, keys.token(record.hash), record);
    await transaction.put(keys.tokenById(record.id), record.hash);
    return token;
  }

  #startWork(): void {
    this.tokenUse.start();
    this.engines.start();
    this.rotator.start();
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepIntervalMs).unref();
    this.#keyWatch ??= setInterval(() => {
      this.#watchKeys().catch((error: unknown) => this.options.warn(`can't check the keys: ${messageOf(error)}`));
    }, keyWatchMs).unref();
  }

  async #stopWork(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    clearInterval(this.#keyWatch);
    this.#keyWatch = undefined;
    await this.rotator.stop();
    await this.engines.stop();
    await this.tokenUse.stop();
  }

  async #wrapChainKey(key: Buffer, address: string, transaction: Transaction): Promise<Buffer | undefined> {
    if (this.seal.sealed) return undefined;
    try {
      return encrypt(await this.seal.keyring.current(transaction, 'system'), address, key);
    } catch (error) {
      // The vault in the store is another one by now, and will be unsealed.
      if (isZvaultError(error) && error.code === 'SEALED') return undefined;
      throw error;
    }
  }

  /** Of a vault that starts sealed, and may end so. */
  async #escrowChainKey(): Promise<void> {
    if (!this.seal.sealed || this.options.storage.kind === 'memory') return;
    await this.audit.flush().catch((error: unknown) => {
      this.options.warn(`can't store the audit's key yet: ${messageOf(error)}`);
    });
  }

  /** The key of this process's chain, and those of processes that were sealed to their end. */
  async #keepChainKeys(): Promise<void> {
    await this.audit.flush();
    const left = (await this.store.scan({ prefix: chainKeyPrefix })).filter(({ value }) => isEscrow(value));
    if (left.length === 0 && (await hasPublicKey(this.store))) return;
    await this.store.transaction(async (transaction) => {
      await this.signingKey.publishEscrowKey(transaction);
      const system = await this.seal.keyring.current(transaction, 'system');
      for (const { key: address } of left) {
        const entry = await transaction.get(address);
        if (!entry || !isEscrow(entry.value)) continue;
        const key = this.signingKey.openEscrow(address, entry.value);
        await transaction.put(address, encrypt(system, address, key));
        key.fill(0);
      }
    });
  }

  async #unsealAtStart(): Promise<void> {
    const { unseal } = this.options;
    const way = unseal && wayIn(unseal);
    if (!way || !(await this.seal.status()).initialized) return;
    await this.seal.unsealAutomatically(way);
    await this.unsealed();
  }

  /** Another server may have replaced the keys (a restore, a new root key): what is in memory is then of no use, and goes. */
  async #watchKeys(): Promise<void> {
    const revision = await this.seal.revision();
    if (revision === this.#sealRevision || this.seal.sealed || this.#closed) return;
    if (await this.seal.isCurrent()) {
      this.#sealRevision = revision;
      return;
    }
    this.options.warn('another server has replaced the keys of the vault: sealed, to be unsealed with the new ones');
    await this.quiet(() => this.lock());
    await this.#unsealAtStart().catch((error: unknown) => this.options.warn(`can't unseal: ${messageOf(error)}`));
  }

  async #eraseWhatIsOver(): Promise<void> {
    const nowMs = this.host.now();
    await sweep(this.store, this.records, nowMs);
    await this.store.transaction((transaction) => dropExpired(transaction, this.records, nowMs));
    await eraseDeadUploads(this.store, nowMs);
  }

  #sweep(): void {
    if (this.seal.sealed || this.#closed) return;
    this.#eraseWhatIsOver().catch((error: unknown) => {
      // Sealed or stopped meanwhile: the next round does it.
      if (!this.seal.sealed && !this.#closed)
        this.options.warn(`can't erase what is past its retention: ${messageOf(error)}`);
    });
  }
}

/** Most vaults that start in a test know no issuers, and need not load what verifies identity tokens. */
async function openIdentities(options: ResolvedOptions, host: Host): Promise<Identities> {
  const { jwtIssuers, loopbackIssuers, warn } = options;
  const now = (): number => host.now();
  const nobody: Providers = { list: [], close: () => undefined };
  if (jwtIssuers.length === 0) {
    const verify = (): Promise<never> =>
      Promise.reject(new ZvaultError('UNAUTHORIZED', 'no issuer of identity tokens is configured'));
    const issuers = { verify, verifyFor: verify, knows: () => false, close: () => undefined };
    return { issuers, providers: nobody };
  }
  const { createIssuers } = await import('./identity/issuers.ts');
  const issuers = createIssuers(jwtIssuers, { now, allowLoopbackHttp: loopbackIssuers, warn });
  if (jwtIssuers.every(({ client_id: client }) => client === undefined)) return { issuers, providers: nobody };
  const { createProviders } = await import('./login/providers.ts');
  return { issuers, providers: createProviders(options, issuers, now) };
}
