// Comments that allow a finding on their line, or on the line below if they stand on a line without findings of its own.

import { lineAround } from './position.ts';

const comment = /zvault:allow(?:\[([^\]\n]{0,200})\])?|gitleaks:allow|pragma:\s{0,3}allowlist[ -]secret/;
/** One of these is in every such comment. */
const words = ['zvault:allow', 'gitleaks:allow', 'allowlist'];

interface Place {
  readonly rule: { readonly id: string };
  readonly start: number;
  /** Of the vault's own values: no comment allows one. */
  readonly exact: boolean;
}

/** Those of the hits that a comment allows; `undefined` when the text has no such comment at all. */
export function allowedHits<H extends Place>(bytes: Buffer, hits: readonly H[]): Set<H> | undefined {
  if (!words.some((word) => bytes.includes(word))) return undefined;
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

function allows(line: string, rule: string): boolean {
  const found = comment.exec(line);
  if (found === null) return false;
  const named = found[1];
  return named === undefined || named.split(',').some((name) => name.trim() === rule);
}
