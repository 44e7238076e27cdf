// Entries of a .gitignore, for files that hold values.

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isZvaultError } from '@zvault/core/domain';
import { decodeText, fileError } from './input.ts';

export interface IgnoreFile {
  /** The file itself, not a link to it. */
  readonly path: string;
  readonly text: string;
}

/** The .gitignore of `folder`; empty if there is none. @throws FORBIDDEN, INPUT_INVALID */
export function readIgnoreFile(folder: string): IgnoreFile {
  const place = join(folder, '.gitignore');
  if (!existsSync(place)) return { path: place, text: '' };
  try {
    const path = realpathSync(place);
    return { path, text: decodeText(readFileSync(path), place) };
  } catch (error) {
    throw isZvaultError(error) ? error : fileError(error, 'read', place);
  }
}

/** The text with an entry for each of `names` that has none, in the line endings that the text has. */
export function withIgnored(text: string, names: readonly string[]): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const present = new Set(text.split(/\r?\n/));
  const added = names.map(ignorePattern).filter((pattern) => !present.has(pattern) && !present.has(`/${pattern}`));
  if (added.length === 0) return text;
  const gap = text === '' || text.endsWith('\n') ? '' : ending;
  return text + gap + added.map((pattern) => pattern + ending).join('');
}

/** The pattern that means this one file name. Source: gitignore(5) */
function ignorePattern(name: string): string {
  return name
    .replaceAll(/[\\*?[\]]/g, String.raw`\$&`)
    .replace(/^[#!]/, String.raw`\$&`)
    .replace(/ +$/, (spaces) => String.raw`\ `.repeat(spaces.length));
}
