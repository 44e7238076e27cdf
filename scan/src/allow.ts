// Comments that allow a finding on their line, or on the line below if they stand on a line without findings of its own.

import { lineAround } from './position.ts';

const comment = /zvault:allow(?:\[([^\]\n]{0,200})\])?|gitleaks:allow|pragma:\s{0,3}allowlist[ -]secret/;
/** One of these is in every such comment. */
const words = ['zvault:allow', 'gitleaks:allow', 'allowlist'];
/** To look at one hit takes as long as to look through so many bytes. */
const bytesWorthHit = 1024;

interface Place {
  readonly rule: { readonly id: string };
  readonly start: number;
  /** Of the vault's own values: no comment allows one. */
  readonly exact: boolean;
}

/** Those of the hits that a comment allows; `undefined` where no such comment is near. */
export function allowedHits<H extends Place>(bytes: Buffer, hits: readonly H[]): Set<H> | undefined {
  if (!mayAllow(bytes, hits)) return undefined;
  const lines = new Map<number, string>();
  const lineAt = (offset: number): string => {
    const { start, end } = lineAround(bytes, offset);
    let text = lines.get(start);
    if (text === undefined) lines.set(start, (text = bytes.toString('latin1', start, end)));
    return text;
  };
  const busy = new Set(hits.map(({ start }) => lineAround(bytes, start).start));
  const isAllowed = ({ rule, start, exact }: H): boolean => {
    if (exact) return false;
    if (allows(lineAt(start), rule.id)) return true;
    const line = lineAround(bytes, start);
    return (
      line.start > 0 && !busy.has(lineAround(bytes, line.start - 1).start) && allows(lineAt(line.start - 1), rule.id)
    );
  };
  return new Set(hits.filter(isAllowed));
}

/** False where no such comment is near: looked for at the hits, or in all of the text where they are many. */
function mayAllow(bytes: Buffer, hits: readonly Place[]): boolean {
  if (hits.length * bytesWorthHit > bytes.length) return words.some((word) => bytes.includes(word));
  let known = -1;
  return hits.some(({ start }) => {
    const line = lineAround(bytes, start);
    if (line.start === known) return false;
    known = line.start;
    const above = line.start === 0 ? 0 : lineAround(bytes, line.start - 1).start;
    const near = bytes.subarray(above, line.end);
    return words.some((word) => near.includes(word));
  });
}

function allows(line: string, rule: string): boolean {
  const found = comment.exec(line);
  if (found === null) return false;
  const named = found[1];
  return named === undefined || named.split(',').some((name) => name.trim() === rule);
}
