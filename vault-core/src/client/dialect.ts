// What kind of server answers, learnt from its 404s and remembered for a while: one with bulk reads, an older one without, or a
// vault that has no cloud routes at all. A client has one address, so each client remembers for itself.

export type Dialect = 'bulk' | 'legacy' | 'vault-only';

// After this time the server is asked again. An older one may have been upgraded; that there are no cloud routes at all may just
// be a proxy's word while the server behind it starts.
const rememberMs = { bulk: 0, legacy: 600_000, 'vault-only': 30_000 } as const satisfies Record<Dialect, number>;

export class DialectMemory {
  readonly #now: () => number;
  #learnt: Dialect = 'bulk';
  #untilMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `bulk` unless something else was learnt lately. */
  get current(): Dialect {
    return this.#now() < this.#untilMs ? this.#learnt : 'bulk';
  }

  remember(dialect: Dialect): void {
    this.#learnt = dialect;
    this.#untilMs = this.#now() + rememberMs[dialect];
  }
}
