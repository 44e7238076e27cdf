// The form of an audit line and what its digest and MAC cover: what who verifies a log needs, without a vault. docs/storage-format.md
// has the same in words, and test vectors.
//
//   {"id":"…","timestamp":"…",<facts>,"chain":"…","seq":N,"mac":"…"}            with "signature":"…" at the end of a checkpoint
//
//   digest(N) = SHA-256(digest(N-1) + mac(N-1) + the line up to its MAC, a brace, and the facts as their SHA-256)
//   mac(N)    = HMAC-SHA-256(the chain's key, digest(N))
//
// All as lower-case hex; before the first line both are empty.

import { nodeCrypto } from '../builtin.ts';

/** The state of a chain after one of its lines. */
export interface ChainState {
  /** Of the line; 0 before the first. */
  readonly seq: number;
  readonly digest: string;
  readonly mac: string;
}

/** A line taken apart. */
export interface ParsedLine {
  readonly id: string;
  readonly timestamp: string;
  /** The members from `request` to `user_agent`, as they are written. */
  readonly facts: string;
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
  /** Base64; only checkpoints have one. */
  readonly signature: string | undefined;
}

export const chainStart: ChainState = { seq: 0, digest: '', mac: '' };

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const form = new RegExp(
  String.raw`^\{"id":"(${uuid})","timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)",("request":.*),` +
    String.raw`"chain":"(${uuid})","seq":([1-9]\d{0,15}),"mac":"([0-9a-f]{64})"(?:,"signature":"([A-Za-z0-9+/]{86}==)")?\}$`,
  // U+2028 ends no line here.
  's',
);

/** Takes a line apart, to the byte: a line that differs from what was written by a space is none. `undefined` for what is none. */
export function parseLine(text: string): ParsedLine | undefined {
  const [, id, timestamp, facts, chain, seq, mac, signature] = form.exec(text) ?? [];
  if (id === undefined || timestamp === undefined || facts === undefined || chain === undefined || mac === undefined)
    return undefined;
  return { id, timestamp, facts, chain, seq: Number(seq), mac, signature };
}

/** The digest of a line that follows on `before`. */
export function lineDigest(line: ParsedLine, before: Pick<ChainState, 'digest' | 'mac'>): string {
  const facts = sha256(line.facts);
  return sha256(
    `${before.digest}${before.mac}{"id":"${line.id}","timestamp":"${line.timestamp}",${facts},"chain":"${line.chain}","seq":${line.seq}}`,
  );
}

/** What the signature of a checkpoint is made of: everything in the chain up to this line. */
export function checkpointMessage(chain: string, { seq, digest, mac }: ChainState): Buffer {
  return Buffer.from(`zvault audit checkpoint 1\n${chain}\n${seq}\n${digest}\n${mac}\n`);
}

/**
 * Where the facts of a line of the server itself say how the chain stood before it (`data.after`): a log can be verified from
 * there on, without what came before.
 */
export function anchorOf(line: ParsedLine): ChainState | undefined {
  if (!line.facts.includes('"after":{')) return undefined;
  const after = serverData(line)?.['after'] as Partial<ChainState> | null | undefined;
  if (typeof after !== 'object' || after === null) return undefined;
  const { seq, digest, mac } = after;
  if (typeof seq !== 'number' || typeof digest !== 'string' || typeof mac !== 'string') return undefined;
  return { seq, digest, mac };
}

/** The last line that stood in the file when this chain began in it. */
export function predecessorOf(line: ParsedLine): { readonly chain: string; readonly seq: number } | undefined {
  if (line.seq !== 1) return undefined;
  const follows = serverData(line)?.['follows'] as { chain?: unknown; seq?: unknown } | null | undefined;
  if (typeof follows?.chain !== 'string' || typeof follows.seq !== 'number') return undefined;
  return { chain: follows.chain, seq: follows.seq };
}

/** The data of a line that the server wrote of itself. */
function serverData(line: ParsedLine): Readonly<Record<string, unknown>> | undefined {
  try {
    const { request, action } = JSON.parse(`{${line.facts}}`) as {
      readonly request: { readonly data: Readonly<Record<string, unknown>> | null };
      readonly action: string;
    };
    return action.startsWith('server.') ? (request.data ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return nodeCrypto().hash('sha256', text);
}
