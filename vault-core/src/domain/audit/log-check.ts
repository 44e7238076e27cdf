// Checks the lines of an audit log in their order: that none is missing, changed, moved or added. What only the vault can say (is
// this MAC right?) comes out as claims to be sent there; with the vault's public key, checkpoints say it without a vault.

import type { KeyObject } from 'node:crypto';
import { nodeCrypto } from '../builtin.ts';
import {
  type ChainState,
  type ParsedLine,
  anchorOf,
  chainStart,
  checkpointMessage,
  lineDigest,
  parseLine,
  predecessorOf,
} from './line.ts';

/** Where a line stands: `FILE:NUMBER`. */
export type Place = string;

export interface Finding {
  readonly place: Place | null;
  readonly what: string;
}

/** What the vault is asked about a line. */
export interface LineClaim {
  readonly chain: string;
  readonly id: string;
  readonly digest: string;
  readonly mac: string;
  readonly place: Place;
}

/** The last line of a chain that the vault knows. */
export interface KnownHead {
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
  readonly path: string | null;
  /** Milliseconds; when it was stored. */
  readonly at: number;
}

interface Chain {
  /** After the last line that was checked; `undefined` while what stood before is missing. */
  state: ChainState | undefined;
  firstSeq: number;
  lastSeq: number;
  lastPlace: Place;
  /** Lines that wait for one which says what stood before them. */
  held: { readonly line: ParsedLine; readonly place: Place }[];
  /** A gap that a device which works again may explain. */
  gap: { readonly from: number; readonly to: number; readonly place: Place } | undefined;
  /** The last line that a signature proves. */
  provenSeq: number;
}

/** More lines than a write ever holds wait in vain. */
const maxHeld = 20_000;
/** Lines without a checkpoint; the server writes one for every 10,000. */
const maxUnproven = 20_000;

export interface LogCheckOptions {
  /** Of the vault that wrote the log: its checkpoints are verified. */
  readonly publicKey?: KeyObject | undefined;
  /** Nothing but checkpoints proves the lines: no vault is asked. @default false */
  readonly alone?: boolean;
}

export class LogCheck {
  readonly findings: Finding[] = [];
  /** What is worth knowing, and no defect. */
  readonly notes: string[] = [];
  lines = 0;
  readonly #chains = new Map<string, Chain>();
  readonly #publicKey: KeyObject | undefined;
  readonly #alone: boolean;
  readonly #rejected = new Map<string, { readonly place: Place; count: number }>();
  readonly #unknown = new Set<string>();

  #files = 0;

  constructor(options: LogCheckOptions = {}) {
    this.#publicKey = options.publicKey;
    this.#alone = options.alone ?? false;
  }

  get chains(): number {
    return this.#chains.size;
  }

  /** Lines that are as they were written, once there are no findings: those behind the last checkpoint only a vault can tell. */
  get provenLines(): number {
    if (!this.#alone) return this.lines;
    let proven = 0;
    for (const { firstSeq, provenSeq } of this.#chains.values()) proven += Math.max(0, provenSeq - firstSeq + 1);
    return proven;
  }

  /** To be called before the first line of each file, the oldest first. */
  beginFile(): void {
    this.#files += 1;
  }

  /** Takes the next line, syslog header and all. Answers what the vault must confirm of it, and of lines held back before. */
  line(text: string, place: Place): LineClaim[] {
    const start = text.startsWith('<') ? text.indexOf('{"id":"') : 0;
    const line = parseLine(start > 0 ? text.slice(start) : text);
    this.lines += 1;
    if (!line) {
      this.#find(place, 'this is no line of an audit log, or it was changed');
      return [];
    }
    let chain = this.#chains.get(line.chain);
    if (!chain) this.#chains.set(line.chain, (chain = this.#begin(line, place)));
    return this.#next(chain, line, place);
  }

  /** The vault says that the line is not as it was written. Those behind it fail with it, until a line says how the chain stood. */
  reject(chain: string, place: Place): void {
    const last = this.#rejected.get(chain);
    if (last) last.count += 1;
    else this.#rejected.set(chain, { place, count: 1 });
  }

  /** The vault has no key of the chain. */
  rejectChain(chain: string, place: Place | null): void {
    if (this.#unknown.has(chain)) return;
    this.#unknown.add(chain);
    this.#find(place, `the vault has no key of the chain ${chain}: another vault wrote it, or this one sealed`);
  }

  /** To be called after the last line. `heads`: the vault's, asked for before the first line was read. */
  end(heads?: readonly KnownHead[]): void {
    for (const [id, chain] of this.#chains) {
      this.#endGap(chain);
      if (chain.held.length > 0) {
        this.#find(
          chain.held[0]?.place ?? null,
          `what stood before the ${chain.held.length} lines from here on is missing`,
        );
      }
      if (this.#alone) this.#requireProof(id, chain);
    }
    for (const { place, count } of this.#rejected.values()) {
      const more = count === 1 ? '' : ` (and ${count - 1} lines behind it can't be told)`;
      this.#find(place, `the line, or one before it, is not as it was written${more}`);
    }
    if (heads) this.#compare(heads);
  }

  #begin(line: ParsedLine, place: Place): Chain {
    const before = predecessorOf(line);
    const earlier = before && this.#chains.get(before.chain);
    if (before && !earlier) {
      this.#find(place, `the chain ${before.chain} stood before this line, and is missing`);
    } else if (before && earlier && earlier.lastSeq < before.seq) {
      this.#find(
        place,
        `lines ${earlier.lastSeq + 1} to ${before.seq} of the chain ${before.chain} are missing before this line`,
      );
    }
    return {
      state: line.seq === 1 ? chainStart : undefined,
      firstSeq: line.seq,
      lastSeq: line.seq - 1,
      lastPlace: place,
      held: [],
      gap: undefined,
      provenSeq: 0,
    };
  }

  #next(chain: Chain, line: ParsedLine, place: Place): LineClaim[] {
    if (line.seq <= chain.lastSeq) {
      this.#find(place, `line ${line.seq} of its chain stands behind line ${chain.lastSeq}: moved, doubled or added`);
      return [];
    }
    if (line.seq > chain.lastSeq + 1) {
      this.#endGap(chain);
      chain.gap = { from: chain.lastSeq + 1, to: line.seq - 1, place };
      chain.state = undefined;
      chain.held = [];
    }
    chain.lastSeq = line.seq;
    chain.lastPlace = place;
    const anchor = anchorOf(line);
    if (chain.state) return [this.#check(chain, line, place, this.#before(chain, chain.state, anchor, place))];
    chain.held.push({ line, place });
    return anchor ? this.#release(chain, anchor, line) : this.#limit(chain);
  }

  /** The state that a line follows on: what we found, unless the server says that it was another. */
  #before(chain: Chain, state: ChainState, anchor: ChainState | undefined, place: Place): ChainState {
    if (!anchor || anchor.seq !== state.seq) return state;
    if (anchor.digest === state.digest && anchor.mac === state.mac) return state;
    this.#find(
      place,
      `lines between ${chain.provenSeq + 1} and ${state.seq} of the chain are not as they were written`,
    );
    return anchor;
  }

  /** Checks lines held back, if the anchor says what stood before the first of them. */
  #release(chain: Chain, anchor: ChainState, line: ParsedLine): LineClaim[] {
    const { held, gap } = chain;
    const from = held.findIndex((waiting) => waiting.line.seq === anchor.seq + 1);
    if (from === -1) return [];
    if (from > 0) this.#find(held[0]?.place ?? null, `nothing says what stood before the ${from} lines from here on`);
    if (!gap && held[0]) this.#tellBeginning(held[0], line);
    if (gap && line.facts.includes('"action":"server.recover"') && line.facts.includes(`"missing_from":${gap.from}}`)) {
      this.notes.push(`${gap.place}: lines ${gap.from} to ${gap.to} of the chain are not here: the device had failed`);
      chain.gap = undefined;
    }
    this.#endGap(chain);
    const claims: LineClaim[] = [];
    let before = anchor;
    for (const { line: waiting, place } of held.slice(from)) {
      claims.push(this.#check(chain, waiting, place, before));
      before = chain.state ?? before;
    }
    chain.held = [];
    return claims;
  }

  /** The first file begins in the midst of a chain only where the server began it, in place of one that was rotated. */
  #tellBeginning({ line: { chain, seq }, place }: Chain['held'][number], anchor: ParsedLine): void {
    if (this.#files <= 1 && anchor.facts.includes('"action":"server.rotate"'))
      this.notes.push(`${place}: lines 1 to ${seq - 1} of the chain ${chain} stand in older files`);
    else this.#find(place, `lines 1 to ${seq - 1} of the chain ${chain} are missing before this line`);
  }

  #limit(chain: Chain): LineClaim[] {
    if (chain.held.length > maxHeld) chain.held.splice(1, chain.held.length - maxHeld);
    return [];
  }

  #check(chain: Chain, line: ParsedLine, place: Place, before: ChainState): LineClaim {
    const { id, seq, mac } = line;
    const digest = lineDigest(line, before);
    const state = { seq, digest, mac };
    chain.state = state;
    if (line.signature !== undefined && this.#publicKey) {
      if (this.#isSigned(line, state)) chain.provenSeq = seq;
      else
        this.#find(
          place,
          `the checkpoint is not right: it, or a line after line ${chain.provenSeq}, is not as it was written`,
        );
    }
    return { chain: line.chain, id, digest, mac, place };
  }

  #isSigned({ chain, signature }: ParsedLine, state: ChainState): boolean {
    if (!this.#publicKey) return false;
    const bytes = Buffer.from(signature ?? '', 'base64');
    return (
      bytes.toString('base64') === signature &&
      nodeCrypto().verify(null, checkpointMessage(chain, state), this.#publicKey, bytes)
    );
  }

  #endGap(chain: Chain): void {
    const { gap } = chain;
    chain.gap = undefined;
    if (gap) this.#find(gap.place, `lines ${gap.from} to ${gap.to} of the chain are missing before this line`);
  }

  #requireProof(id: string, { firstSeq, lastSeq, lastPlace, provenSeq }: Chain): void {
    if (provenSeq === 0) this.#find(lastPlace, `no checkpoint proves the lines of the chain ${id}`);
    else if (lastSeq - provenSeq > maxUnproven)
      this.#find(
        lastPlace,
        `${lastSeq - provenSeq} lines of the chain ${id} stand behind its last checkpoint: some are missing`,
      );
    else if (lastSeq > provenSeq)
      this.notes.push(
        `${lastPlace}: the chain ${id} is proven from line ${firstSeq} to ${provenSeq}, not from there to ${lastSeq}`,
      );
  }

  #compare(heads: readonly KnownHead[]): void {
    if (this.lines === 0 && heads.length > 0)
      this.#find(null, 'the files have no lines, but the vault has written some');
    const own = heads.filter(({ chain }) => this.#chains.has(chain));
    for (const { chain: id, seq, mac } of own) {
      const chain = this.#chains.get(id);
      if (!chain) continue;
      if (chain.lastSeq < seq)
        this.#find(chain.lastPlace, `lines ${chain.lastSeq + 1} to ${seq} of the chain ${id} are cut off`);
      else if (chain.lastSeq === seq && chain.state && chain.state.mac !== mac)
        this.#find(chain.lastPlace, 'this is not the last line that the vault knows');
    }
    const paths = new Set(own.map(({ path }) => path));
    const since = Math.min(...own.map(({ at }) => at));
    for (const { chain, seq, path, at } of heads) {
      if (!this.#chains.has(chain) && path !== null && paths.has(path) && at > since)
        this.#find(null, `the chain ${chain} with ${seq} lines is missing`);
    }
  }

  #find(place: Place | null, what: string): void {
    this.findings.push({ place, what });
  }
}
