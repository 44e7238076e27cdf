// Writes values into .env files, so that every program that reads such files gets the same bytes, as far as one form can
// do that, and a shell that sources the file executes nothing.

import { ZvaultError } from './errors.ts';
import type { Secret } from './secret.ts';

export interface FormatDotenvOptions {
  /** @default '\n' */
  newline?: '\n' | '\r\n';
}

/**
 * A .env file with these entries, one after the other. `parseDotenv` reads the same values back, byte for byte.
 *
 * What else reads it: bare and '…' values are the same for `util.parseEnv`, npm's dotenv (but for a value that ends with a
 * backslash, where it may miss the closing quote) and shells. Only values with a ' or a carriage return need "…", in which
 * every special character is escaped as in a shell: otherwise sourcing the file would execute $(…) in a value. Shells undo
 * these escapes; `util.parseEnv` and npm's dotenv do not, so that these two read a value with ' and also one of " $ ` \
 * wrongly. A carriage return is written as \r, to survive editors and git; shells and `util.parseEnv` do not undo that one.
 * @throws ZvaultError INPUT_INVALID for a name or a value that can't be written
 */
export function formatDotenv(
  entries: Iterable<{ readonly key: string; readonly value: string | Secret }>,
  options: FormatDotenvOptions = {},
): string {
  const newline = options.newline ?? '\n';
  let text = '';
  for (const { key, value } of entries) {
    // More would parse, but not everywhere, and `$(x)=` in a sourced file executes x.
    if (!/^[\w.-]+$/.test(key)) {
      throw new ZvaultError('INPUT_INVALID', `the name ${JSON.stringify(key)} can't be written to a .env file`, {
        hint: 'Use a name of letters, digits, underscores, dots and dashes, or another format.',
      });
    }
    text += `${key}=${formatDotenvValue(key, value, newline)}${newline}`;
  }
  return text;
}

/** A value as it stands behind the `=`. `key` names it in errors; `newline` is the line break of the file. */
export function formatDotenvValue(key: string, value: string | Secret, newline: '\n' | '\r\n'): string {
  const text = typeof value === 'string' ? value : value.expose();
  const problem = text.includes('\0') ? 'a NUL character' : text.isWellFormed() ? undefined : 'a lone surrogate';
  if (problem !== undefined) {
    throw new ZvaultError(
      'INPUT_INVALID',
      `the value of ${JSON.stringify(key)} can't be written to a .env file: ${problem}`,
      {
        hint: 'Store binary data in base64.',
      },
    );
  }
  if (/^[\w./:@%+,=-]*$/.test(text)) return text;
  if (!/['\r]/.test(text)) return `'${text.replaceAll('\n', newline)}'`;
  const escaped = text.replace(/["\\$`]/g, '\\$&').replaceAll('\r', '\\r');
  return `"${escaped.replaceAll('\n', newline)}"`;
}
