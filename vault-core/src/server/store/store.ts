// The ordered key-value store under the vault. Keys are text, ordered by their UTF-8 bytes; values are bytes. Everything
// above it is written against this interface and proven by store/conformance.ts.

/** One stored pair. `revision` changes with every write of the key and is never used again; an absent key has revision 0. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  readonly revision: number;
}

export interface ScanRange {
  /** Only keys that start with it. */
  readonly prefix: string;
  /** Only keys greater than this one. */
  readonly after?: string;
  /** Only keys less than this one. */
  readonly before?: string;
  readonly limit?: number;
  /** Greatest key first. */
  readonly reverse?: boolean;
}

export interface Reader {
  get(key: string): Promise<Entry | undefined>;
  /** Entries in key order. */
  scan(range: ScanRange): Promise<Entry[]>;
}

/** The store as it was at one moment, whatever is written meanwhile. Must be closed: the store keeps what it needs for it. */
export interface Snapshot extends Reader {
  /** Number of entries. */
  count(): Promise<number>;
  close(): Promise<void>;
}

export interface Transaction extends Reader {
  /** Says what will be read, so that a remote store is asked once. Changes nothing else. */
  prefetch(keys: readonly string[]): Promise<void>;
  put(key: string, value: Buffer | string): Promise<void>;
  delete(key: string): Promise<void>;
  /** Lets go of the writes that are still in memory: for transactions that write much. Not within a savepoint. */
  flush(): Promise<void>;
  /** Runs `work`; if it throws, its writes are undone and the transaction goes on. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}

export interface TransactionOptions {
  /**
   * False: the store need not wait for its disk. A crash of the machine, not of the process, can then lose the whole transaction and what
   * came after it without waiting, but nothing before. @default true
   */
  readonly durable?: boolean;
}

export interface Store extends Reader {
  /**
   * Revisions of the keys, in their order; 0 where absent. One round trip, shared by the calls of one event-loop turn; at
   * once where the store knows them.
   */
  revisions(keys: readonly string[]): readonly number[] | Promise<readonly number[]>;
  /**
   * A number that changes whenever an entry may have changed: while it stays, so does what was read. `undefined` where only
   * asking the store can tell.
   */
  generation(): number | undefined;
  /**
   * Runs `work` alone: no other transaction, of this process or another, runs between its reads and its writes. What it
   * wrote is on disk when the promise resolves; if it rejects, nothing was written, unless `isCommitUnknown` says otherwise.
   * `work` must wait for nothing but the transaction's own methods. It is run again when the database asks for that (several
   * servers met), so what it does beside must bear that; the last run counts.
   * @throws STORAGE_FULL, UNAVAILABLE
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** For reading much, over time, while others write. @throws UNAVAILABLE */
  snapshot(): Promise<Snapshot>;
  /** A cheap proof that the store answers. @throws UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The least string greater than all strings with this prefix, for a range scan over UTF-8 order. */
export function prefixEnd(prefix: Buffer): Buffer | undefined {
  for (let index = prefix.length - 1; index >= 0; index -= 1) {
    const byte = prefix[index] ?? 0xff;
    if (byte < 0xff) {
      const end = Buffer.from(prefix.subarray(0, index + 1));
      end[index] = byte + 1;
      return end;
    }
  }
  return undefined;
}
