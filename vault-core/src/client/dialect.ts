// What kind of server answers at an address, learnt from its 404s and remembered for a while: one with bulk reads, an older one
// without, or a vault that has no cloud routes at all.

export type Dialect = 'bulk' | 'legacy' | 'vault-only';

/** After this time a server is asked again: it may have been upgraded. */
const rememberMs = 3_600_000;

// By address, for all clients of the process: each would learn the same.
const known = new Map<string, { dialect: Dialect; untilMs: number }>();

/** `bulk` unless something else was learnt lately. `address` is origin and prefix. */
export function dialectOf(address: string, nowMs: number): Dialect {
  const entry = known.get(address);
  return entry !== undefined && nowMs < entry.untilMs ? entry.dialect : 'bulk';
}

export function rememberDialect(address: string, dialect: Dialect, nowMs: number): void {
  known.set(address, { dialect, untilMs: nowMs + rememberMs });
}
