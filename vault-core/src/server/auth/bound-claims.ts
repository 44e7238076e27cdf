// Which identity tokens a role takes: each bound claim must be in the token with one of the values that are written. A value is
// exact, or, standing alone, a pattern for the whole text in which `*` is any run of characters.

import { ZvaultError } from '../../domain/errors.ts';

/** By claim: values, any of which will do. One that stands alone may be a pattern. Sorted by claim. */
export type BoundClaims = Readonly<Record<string, readonly string[]>>;

const maxClaims = 32;
const maxValues = 200;
const maxLength = 1024;

/** @throws BAD_REQUEST naming the claim */
export function parseBoundClaims(written: Readonly<Record<string, string | readonly string[]>>): BoundClaims {
  const entries = Object.entries(written);
  if (entries.length > maxClaims) throw new ZvaultError('BAD_REQUEST', `bind at most ${maxClaims} claims`);
  const claims = entries.map(([claim, value]): [string, string[]] => {
    const values = [...new Set([value].flat())];
    const problem = claimProblem(claim, values);
    if (problem !== undefined)
      throw new ZvaultError('BAD_REQUEST', `the bound claim "${claim.slice(0, 80)}" ${problem}`);
    return [claim, values];
  });
  return Object.fromEntries(claims.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The first bound claim that the token does not have as written; `undefined`: it has all. */
export function unmatchedClaim(
  bound: BoundClaims,
  claims: Readonly<Record<string, unknown>>,
  textsOf: (claim: string, value: unknown) => readonly string[] = (_, value) => claimTexts(value),
): string | undefined {
  return Object.entries(bound).find(([claim, values]) => {
    const texts = textsOf(claim, claims[claim]);
    return !texts.some((text) => values.some((value) => matchesValue(value, text, values.length === 1)));
  })?.[0];
}

/** The texts of a claim that is a text, a number or a truth value, or a list of them. Nothing else can be bound. */
export function claimTexts(value: unknown): string[] {
  return [value]
    .flat()
    .flatMap((one) =>
      typeof one === 'string' ? [one] : typeof one === 'number' || typeof one === 'boolean' ? [String(one)] : [],
    );
}

function claimProblem(claim: string, values: readonly string[]): string | undefined {
  if (claim === '' || claim.length > maxLength) return `must have 1 to ${maxLength} characters`;
  if (values.length === 0) return 'needs a value';
  if (values.length > maxValues) return `takes at most ${maxValues} values`;
  if (values.some((value) => value === '' || value.length > maxLength))
    return `takes texts of 1 to ${maxLength} characters`;
  if (values.length > 1 && values.some((value) => value.includes('*'))) {
    return 'has a * in a list of several values: only a value that stands alone can be a pattern';
  }
  return undefined;
}

function matchesValue(value: string, text: string, alone: boolean): boolean {
  if (!alone || !value.includes('*')) return value === text;
  const [start = '', ...parts] = value.split('*');
  const end = parts.pop() ?? '';
  if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) return false;
  // The leftmost place for each part leaves the most room for those behind it.
  let at = start.length;
  const last = text.length - end.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > last) return false;
    at = found + part.length;
  }
  return true;
}
