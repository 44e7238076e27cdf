// The glob language of policy paths. A pattern is taken apart once and matched in time proportional to pattern times path:
// no backtracking, whatever the pattern. What is malformed is refused when it is written, for a deny that never matches is a
// leak.
//
//   *        any characters of one segment, none too
//   **       as a whole segment: any number of segments, none too; at the end of a pattern: any rest. Elsewhere like *
//   ?        one character of a segment
//   [a-z]    one character of the class; [!a] and [^a] one that is not in it. Never a slash
//   {a,b}    one of the alternatives; they may hold wildcards and further braces
//   \x       the character x itself
//   !…       at the beginning: everything that the rest does not match

import { type Lexeme, parsePattern } from './glob-pattern.ts';

/** A compiled pattern: true for the paths that it matches. */
export type Glob = (path: string) => boolean;

/** One thing to match after another. `folders`: nothing, or any text that ends with a slash. `rest`: any text. */
type Step =
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'segment' | 'folders' | 'rest' };

interface Sequence {
  /** What every match begins with. */
  readonly prefix: string;
  readonly steps: readonly Step[];
}

/** @throws BAD_REQUEST saying what is wrong with the pattern */
export function compileGlob(pattern: string): Glob {
  const { negated, expansions } = parsePattern(pattern);
  const sequences = expansions.map(sequenceOf);
  return (path) => sequences.some((sequence) => matches(sequence, path)) !== negated;
}

function sequenceOf(expansion: readonly Lexeme[]): Sequence {
  const lexemes = mergeStars(expansion);
  const literals: string[] = [];
  for (const lexeme of lexemes) {
    if (lexeme.kind !== 'literal') break;
    literals.push(lexeme.character);
  }
  const steps: Step[] = [];
  for (let at = literals.length; at < lexemes.length; at += 1) {
    const lexeme = lexemes[at]!;
    if (lexeme.kind === 'literal') {
      const { character } = lexeme;
      steps.push({ kind: 'one', accepts: (other) => other === character });
    } else if (lexeme.kind === 'one') {
      steps.push(lexeme);
    } else if (lexeme.kind === 'stars' && at === lexemes.length - 1) {
      steps.push({ kind: 'rest' });
    } else if (lexeme.kind === 'stars' && (at === 0 || isSlash(lexemes[at - 1])) && isSlash(lexemes[at + 1])) {
      // The slash behind it belongs to the last of the segments, so that a/**/b matches a/b.
      steps.push({ kind: 'folders' });
      at += 1;
    } else {
      steps.push({ kind: 'segment' });
    }
  }
  return { prefix: literals.join(''), steps };
}

/** Wildcards side by side, as braces can put them: together they match what the widest of them matches. */
function mergeStars(lexemes: readonly Lexeme[]): Lexeme[] {
  const merged: Lexeme[] = [];
  for (const lexeme of lexemes) {
    const last = merged.at(-1);
    if (isStar(last) && isStar(lexeme)) {
      if (lexeme.kind === 'stars') merged[merged.length - 1] = lexeme;
    } else merged.push(lexeme);
  }
  return merged;
}

function isStar(lexeme: Lexeme | undefined): boolean {
  return lexeme?.kind === 'star' || lexeme?.kind === 'stars';
}

function isSlash(lexeme: Lexeme | undefined): boolean {
  return lexeme?.kind === 'literal' && lexeme.character === '/';
}

/** Where in the path the steps so far can have ended, step by step. */
function matches({ prefix, steps }: Sequence, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const [only] = steps;
  if (only === undefined) return path.length === prefix.length;
  if (steps.length === 1 && only.kind === 'rest') return true;
  const characters = Array.from(path.slice(prefix.length));
  let ends = new Uint8Array(characters.length + 1);
  ends[0] = 1;
  for (const step of steps) ends = after(step, ends, characters);
  return ends[characters.length] === 1;
}

function after(step: Step, before: Uint8Array, characters: readonly string[]): Uint8Array<ArrayBuffer> {
  const ends = new Uint8Array(before.length);
  if (step.kind === 'one') {
    for (const [at, character] of characters.entries()) {
      if (before[at] === 1 && step.accepts(character)) ends[at + 1] = 1;
    }
    return ends;
  }
  let begun = false;
  for (let at = 0; at < before.length; at += 1) {
    const passed = at === 0 ? '' : characters[at - 1];
    if (step.kind === 'segment' && passed === '/') begun = false;
    const ended = begun && (step.kind !== 'folders' || passed === '/');
    if (ended || before[at] === 1) ends[at] = 1;
    if (before[at] === 1) begun = true;
  }
  return ends;
}
