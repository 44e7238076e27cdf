// Whether the vault is open. Takes shares until there are enough, and owns the keyring while unsealed. While a backup waits to
// take the vault's place, its key slots are tried too: first, since whoever staged it wants it opened.

import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { ZvaultError, messageOf } from '../domain/errors.ts';
import type { InitReply, SealStatus } from '../wire/shapes.ts';
import type { CipherKey } from './crypto/cipher.ts';
import { createRecoverySecret, formatRecoveryCode } from './crypto/recovery-code.ts';
import { splitSecret } from './crypto/shamir.ts';
import {
  type KeySlot,
  createKeySlot,
  createPassphraseSlot,
  createRecoverySlot,
  createShamirSlot,
  parseUnsealKey,
  stretchNewPassphrase,
  withEscrow,
} from './crypto/slots.ts';
import { Keyring } from './keyring.ts';
import {
  type SealConfig,
  readSealConfig,
  sealConfigKey,
  shamirSlots,
  withoutReplaced,
  writeSealConfig,
} from './seal/config.ts';
import {
  type Opened,
  type SingleSecret,
  type WayIn,
  forget,
  openWith,
  parseShare,
  parseShares,
  requireEnough,
} from './seal/way-in.ts';
import type { Store, Transaction } from './store/store.ts';

export interface InitOptions {
  readonly shares: number;
  readonly threshold: number;
  readonly keyFile?: boolean;
  readonly passphrase?: string;
  readonly recoveryCode?: boolean;
}

/** A way in that needs no person. */
export interface AutoUnseal {
  /** 32 bytes, base64url (the content of a key file). */
  readonly key?: string;
  readonly passphrase?: string;
}

/** Another process that takes what opens the vault for this one, and hands it the root key. Answers as `Seal` does. */
export interface SealHolder {
  giveShare(text: string): Promise<CipherKey | undefined>;
  giveShares(texts: readonly string[]): Promise<CipherKey | undefined>;
  giveSecret(way: SingleSecret): Promise<CipherKey | undefined>;
  resetShares(): Promise<void>;
  /** Shares given so far. */
  progress(): Promise<number>;
}

export interface SealOptions {
  readonly holder?: SealHolder | undefined;
  readonly warn?: (message: string) => void;
}

type Prepare<T> = (transaction: Transaction, keyring: Keyring) => Promise<T>;

/** Bytes, in UTF-8. */
const leastPassphraseBytes = 8;

export class Seal {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #holder: SealHolder | undefined;
  readonly #warn: (message: string) => void;
  #keyring: Keyring | undefined;
  #pending: Buffer[] = [];
  #stretching = false;

  constructor(store: Store, now: () => number, { holder, warn = () => undefined }: SealOptions = {}) {
    this.#store = store;
    this.#now = now;
    this.#holder = holder;
    this.#warn = warn;
  }

  get sealed(): boolean {
    return this.#keyring === undefined;
  }

  /** @throws SEALED */
  get keyring(): Keyring {
    if (!this.#keyring)
      throw new ZvaultError('SEALED', 'the vault is sealed', { hint: 'unseal it with "zvault unseal"' });
    return this.#keyring;
  }

  /** Shares that wait for more. */
  async progress(): Promise<number> {
    return this.#holder ? this.#holder.progress() : this.#pending.length;
  }

  async status(): Promise<SealStatus> {
    const config = await readSealConfig(this.#store);
    if (!config) return { initialized: false, sealed: true, threshold: 0, shares: 0, progress: 0 };
    const slot = shamirSlots(config).at(-1);
    return {
      initialized: true,
      sealed: this.sealed,
      threshold: slot?.threshold ?? 0,
      shares: slot?.shares ?? 0,
      progress: this.#holder ? await this.#holder.progress() : this.#pending.length,
    };
  }

  /**
   * Creates the root key and its slots. `prepare` runs in the same transaction with the new keyring, and its result is
   * returned beside the shares. The vault stays sealed.
   * @throws BAD_REQUEST for a bad configuration, CONFLICT when there is a root key already
   */
  async init<T>(options: InitOptions, prepare: Prepare<T>): Promise<Omit<InitReply, 'root_token'> & { prepared: T }> {
    checkShares(options.shares, options.threshold);
    // Before the passphrase is stretched: whoever may ask must not be able to keep the server busy with it.
    if (await readSealConfig(this.#store)) throw initializedAlready();
    if (options.passphrase !== undefined) checkPassphrase(options.passphrase);
    const root = { id: randomUUID(), bytes: randomBytes(32) };
    const shareKey = randomBytes(32);
    const fileKey = options.keyFile ? randomBytes(32) : undefined;
    const recovery = options.recoveryCode ? createRecoverySecret() : undefined;
    const now = this.#now();
    const parts = splitSecret(shareKey, options.shares, options.threshold);
    const slots: KeySlot[] = [createShamirSlot(root, shareKey, options.shares, options.threshold, now)];
    if (fileKey) slots.push(createKeySlot(root, fileKey, now));
    if (recovery) slots.push(createRecoverySlot(root, recovery, now));
    if (options.passphrase !== undefined)
      slots.push(createPassphraseSlot(root, await stretchNewPassphrase(options.passphrase), now));
    const prepared = await this.#create(root, slots, prepare);
    root.bytes.fill(0);
    shareKey.fill(0);
    return {
      unseal_shares: parts.map((part) => part.toString('base64')),
      ...(fileKey ? { key_file: fileKey.toString('base64url') } : {}),
      ...(recovery ? { recovery_code: formatRecoveryCode(recovery) } : {}),
      prepared,
    };
  }

  /** A root key that is never written: a vault that ends with the process. Leaves it unsealed. */
  async initEphemeral<T>(prepare: Prepare<T>): Promise<T> {
    const root = { id: randomUUID(), bytes: randomBytes(32) };
    const prepared = await this.#create(root, [], prepare);
    this.#keyring = new Keyring(root);
    return prepared;
  }

  /**
   * Takes one share and unseals when there are enough. A repeated share is ignored, a malformed one changes nothing, and a
   * recovery that fails clears those given. Answers the root key of `staged` when that is what was opened.
   */
  async giveShare(text: string, staged?: SealConfig): Promise<CipherKey | undefined> {
    const configs = await this.#toOpen(staged);
    const slots = configs.flatMap(shamirSlots);
    if (slots.length === 0) throw new ZvaultError('BAD_REQUEST', 'this vault has no key shares');
    const share = parseShare(text);
    if (this.#holder) return this.#holder.giveShare(text);
    if (this.#pending.some((known) => known.length === share.length && timingSafeEqual(known, share))) return undefined;
    this.#pending.push(share);
    const shares = this.#pending;
    if (!slots.some(({ threshold }) => threshold <= shares.length)) return undefined;
    const last = slots.every(({ threshold }) => threshold <= shares.length);
    // Taken away before anything is waited for: each share counts once, whoever else gives one meanwhile.
    if (last) this.#pending = [];
    let found: Found | undefined;
    let failed = true;
    try {
      found = await find(configs, { kind: 'shamir', shares });
      failed = last && !found;
    } finally {
      if (failed || found) this.#forgetShares(shares);
    }
    if (failed) throw sharesDoNotOpen();
    return found && this.#take(found, staged);
  }

  /** All shares at once; those given one by one are left alone, so that nobody can block an unsealing. */
  async giveShares(texts: readonly string[], staged?: SealConfig): Promise<CipherKey | undefined> {
    const configs = await this.#toOpen(staged);
    const shares = parseShares(texts);
    requireEnough({ slots: configs.flatMap(({ slots }) => slots) }, shares.length);
    if (this.#holder) return this.#holder.giveShares(texts);
    return this.#openWith(configs, { kind: 'shamir', shares }, staged, sharesDoNotOpen());
  }

  /** Opens with one secret. @throws BAD_REQUEST when no slot fits, RATE_LIMITED while another passphrase is tried */
  async giveSecret(way: SingleSecret, staged?: SealConfig): Promise<CipherKey | undefined> {
    const configs = await this.#toOpen(staged);
    if (!configs.some(({ slots }) => slots.some(({ kind }) => kind === way.kind)))
      throw new ZvaultError('BAD_REQUEST', `this vault has no slot of the kind ${way.kind}`);
    if (this.#holder) return this.#holder.giveSecret(way);
    return this.#openWith(configs, way, staged, doesNotOpen(way.kind));
  }

  /**
   * Opens with a key or a passphrase, at start. @throws BAD_REQUEST when no slot fits
   */
  async unsealAutomatically({ key, passphrase }: AutoUnseal): Promise<void> {
    const config = await readSealConfig(this.#store);
    if (!config)
      throw new ZvaultError('NOT_INITIALIZED', 'the vault is not initialized', { hint: 'run "zvault init"' });
    const way: WayIn | undefined =
      key === undefined
        ? passphrase === undefined
          ? undefined
          : { kind: 'passphrase', secret: passphrase }
        : { kind: 'key', secret: parseUnsealKey(key) };
    const opened = way && (await openWith(config, way));
    if (way) forget(way);
    if (!opened) {
      throw new ZvaultError('BAD_REQUEST', `the unseal ${way?.kind ?? 'key'} does not open this vault`, {
        hint: 'check that it belongs to this database',
      });
    }
    await this.#take({ config, opened }, undefined);
  }

  /** Opens with a root key that was proven to be the vault's. */
  async open(root: CipherKey): Promise<void> {
    const keyring = await Keyring.open(this.#store, root);
    if (!this.sealed) {
      keyring.zero();
      throw unsealedAlready();
    }
    this.#keyring = keyring;
    this.#forgetShares(this.#pending);
  }

  async resetShares(): Promise<void> {
    this.#forgetShares(this.#pending);
    await this.#holder?.resetShares();
  }

  /** Opens with the root key that another process holds. It becomes the vault's, and is overwritten with it. */
  async adopt(root: CipherKey): Promise<void> {
    if (this.sealed) await this.open(root);
    else root.bytes.fill(0);
  }

  /** A copy of the root key, for other processes; `undefined` while sealed. To be overwritten after use. */
  async copyRoot(): Promise<CipherKey | undefined> {
    return this.#keyring?.copyRoot(this.#store);
  }

  /** Changes when the key slots do; 0 without any. */
  async revision(): Promise<number> {
    return (await this.#store.revisions([sealConfigKey]))[0] ?? 0;
  }

  /** False when another server has put another root key there, to which no way leads from ours. */
  async isCurrent(): Promise<boolean> {
    if (!this.#keyring) return true;
    if (!(await this.#keyring.opens(this.#store))) return false;
    await this.#keyring.dropErased(this.#store);
    return true;
  }

  /** Overwrites all keys. */
  seal(): void {
    this.#keyring?.zero();
    this.#keyring = undefined;
    this.#forgetShares(this.#pending);
  }

  #forgetShares(shares: readonly Buffer[]): void {
    if (shares === this.#pending) this.#pending = [];
    for (const share of shares) share.fill(0);
  }

  async #create<T>(root: CipherKey, slots: KeySlot[], prepare: Prepare<T>): Promise<T> {
    const keyring = new Keyring({ ...root, bytes: Buffer.from(root.bytes) });
    try {
      return await this.#store.transaction(async (transaction) => {
        if (await readSealConfig(transaction)) throw initializedAlready();
        await writeSealConfig(transaction, { format: 2, root_id: root.id, slots });
        await keyring.create(transaction, 'system');
        return prepare(transaction, keyring);
      });
    } finally {
      keyring.zero();
    }
  }

  /** What can be opened now, the staged one first. @throws BAD_REQUEST (not initialized), CONFLICT (unsealed) */
  async #toOpen(staged: SealConfig | undefined): Promise<SealConfig[]> {
    const own = await readSealConfig(this.#store);
    if (staged) return own && this.sealed ? [staged, own] : [staged];
    if (!own) throw new ZvaultError('BAD_REQUEST', 'the vault is not initialized');
    if (!this.sealed) throw unsealedAlready();
    return [own];
  }

  async #openWith(
    configs: readonly SealConfig[],
    way: WayIn,
    staged: SealConfig | undefined,
    refusal: ZvaultError,
  ): Promise<CipherKey | undefined> {
    if (way.kind === 'passphrase' && this.#stretching)
      throw new ZvaultError('RATE_LIMITED', 'another passphrase is being tried', { hint: 'try again in a second' });
    this.#stretching ||= way.kind === 'passphrase';
    let found: Found | undefined;
    try {
      found = await find(configs, way);
    } finally {
      forget(way);
      if (way.kind === 'passphrase') this.#stretching = false;
    }
    if (!found) throw refusal;
    return this.#take(found, staged);
  }

  async #take({ config, opened }: Found, staged: SealConfig | undefined): Promise<CipherKey | undefined> {
    try {
      if (config === staged) {
        this.#forgetShares(this.#pending);
        return opened.root;
      }
      await this.open(opened.root);
      await this.#settle(config, opened);
      return undefined;
    } finally {
      opened.wrappingKey.fill(0);
    }
  }

  /** A slot that was used is known to work: it gets what older ones lack, and those that it replaces go. */
  async #settle(config: SealConfig, { root, slot, wrappingKey }: Opened): Promise<void> {
    if (slot.escrow !== undefined && withoutReplaced(config, slot.id) === config) return;
    try {
      await this.#store.transaction(async (transaction) => {
        const now = await readSealConfig(transaction);
        if (!now || now.root_id !== root.id) return;
        const slots = now.slots.map((one) =>
          one.id === slot.id && one.escrow === undefined ? withEscrow(one, wrappingKey, root) : one,
        );
        await writeSealConfig(transaction, withoutReplaced({ ...now, slots }, slot.id));
      });
    } catch (error) {
      // The vault is open; the next unsealing does it.
      this.#warn(`can't bring the key slots up to date: ${messageOf(error)}`);
    }
  }
}

interface Found {
  readonly config: SealConfig;
  readonly opened: Opened;
}

async function find(configs: readonly SealConfig[], way: WayIn): Promise<Found | undefined> {
  for (const config of configs) {
    const opened = await openWith(config, way);
    if (opened) return { config, opened };
  }
  return undefined;
}

function initializedAlready(): ZvaultError {
  return new ZvaultError('CONFLICT', 'the vault is initialized already');
}

function unsealedAlready(): ZvaultError {
  return new ZvaultError('CONFLICT', 'the vault is unsealed already');
}

function sharesDoNotOpen(): ZvaultError {
  return new ZvaultError('BAD_REQUEST', 'the shares do not open the vault; all that were given are forgotten', {
    hint: 'start again with shares of this vault',
  });
}

function doesNotOpen(kind: WayIn['kind']): ZvaultError {
  const what = { shamir: 'shares', key: 'unseal key', passphrase: 'passphrase', recovery: 'recovery code' }[kind];
  return new ZvaultError('BAD_REQUEST', `the ${what} does not open this vault`);
}

/** Contract 1.2: 1 ≤ shares ≤ 10, 2 ≤ threshold ≤ shares. @throws BAD_REQUEST */
export function checkShares(shares: number, threshold: number): void {
  if (shares < 1 || shares > 10 || threshold < 2 || threshold > shares) {
    throw new ZvaultError('BAD_REQUEST', 'shares must be 1 to 10, and threshold 2 to shares');
  }
}

/** @throws BAD_REQUEST */
export function checkPassphrase(passphrase: string): void {
  if (Buffer.byteLength(passphrase) < leastPassphraseBytes)
    throw new ZvaultError('BAD_REQUEST', `a passphrase must have at least ${leastPassphraseBytes} bytes`);
}
