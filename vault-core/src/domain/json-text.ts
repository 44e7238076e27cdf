// JSON as text. What somebody stores comes back as it was written: a number passes through no double on its way. Only what
// says nothing is changed: white space goes, and escapes take one form.

import { ZvaultError } from './errors.ts';

/** Deeper nesting is refused: readers of other makes stop there (serde_json has 128). */
const maxDepth = 128;

export interface JsonText {
  /** Compact. */
  readonly text: string;
  /** The members of an object, as compact texts, in their order; `undefined` for anything else. */
  readonly members: ReadonlyMap<string, string> | undefined;
}

interface Open {
  /** Of an object: the names so far. */
  readonly names: Set<string> | undefined;
  /** The next string is a name. */
  awaitsName: boolean;
}

/**
 * Compacts a text that JSON.parse has taken.
 * @throws BAD_REQUEST for what readers take differently: a name twice in one object, half of a surrogate pair, nesting beyond 128
 */
export function compactJson(source: string): JsonText {
  const open: Open[] = [];
  const members = new Map<string, string>();
  let text = '';
  let member: { readonly name: string; readonly start: number } | undefined;
  const endMember = (): void => {
    if (open.length === 1 && member) members.set(member.name, text.slice(member.start));
  };
  for (let at = 0; at < source.length;) {
    const end = tokenEnd(source, at);
    const token = source.slice(at, end);
    const [first = ' '] = token;
    const inside = open.at(-1);
    at = end;
    if (isSpace(first)) continue;
    if (first === ',' || first === '}') endMember();
    if (first === '"') {
      const { written, value } = normalString(token);
      if (inside?.names && inside.awaitsName) {
        if (inside.names.has(value)) throw new ZvaultError('BAD_REQUEST', 'an object has a name twice');
        inside.names.add(value);
        // The colon follows.
        if (open.length === 1) member = { name: value, start: text.length + written.length + 1 };
        inside.awaitsName = false;
      }
      text += written;
      continue;
    }
    text += token;
    if (first === ',' && inside) inside.awaitsName = inside.names !== undefined;
    else if (first === '{') open.push({ names: new Set(), awaitsName: true });
    else if (first === '[') open.push({ names: undefined, awaitsName: false });
    else if (first === '}' || first === ']') open.pop();
    if (open.length > maxDepth) throw new ZvaultError('BAD_REQUEST', `it is nested deeper than ${maxDepth}`);
  }
  return { text, members: text.startsWith('{') ? members : undefined };
}

/** Where the token ends that begins at `start`: a string, a run of white space, one structural character, or a word. */
function tokenEnd(source: string, start: number): number {
  const first = source[start] ?? '';
  if (first === '"') return stringEnd(source, start);
  if (isStructure(first)) return start + 1;
  const ends = isSpace(first)
    ? (character: string): boolean => !isSpace(character)
    : (character: string): boolean => isSpace(character) || isStructure(character) || character === '"';
  let end = start + 1;
  while (end < source.length && !ends(source[end] ?? '')) end += 1;
  return end;
}

function stringEnd(source: string, start: number): number {
  for (let end = source.indexOf('"', start + 1); ; end = source.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (source[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r';
}

function isStructure(character: string): boolean {
  return '{}[]:,'.includes(character);
}

/** Shell scripts look for values in the text of an answer: `\/` and `\u0041` are written as what they mean. */
function normalString(token: string): { written: string; value: string } {
  if (!token.includes('\\')) return { written: token, value: token.slice(1, -1) };
  const value = JSON.parse(token) as string;
  if (!value.isWellFormed()) throw new ZvaultError('BAD_REQUEST', 'a text holds half of a surrogate pair');
  return { written: JSON.stringify(value), value };
}
