// Writes values into POSIX shell code in which no value can be anything but data.

import { ZvaultError } from './errors.ts';
import { isEnvName } from './names.ts';
import type { Secret } from './secret.ts';

/**
 * The value as one word of a POSIX shell, in single quotes.
 * @throws ZvaultError INPUT_INVALID for a value that no shell can hold (NUL, lone surrogate)
 */
export function shellQuote(value: string | Secret): string {
  return quote(value, 'a value');
}

/**
 * `export NAME='value'` lines, to be sourced.
 * @throws ZvaultError INPUT_INVALID for a name that is no shell variable, or a value that no shell can hold
 */
export function formatShellExports(
  entries: Iterable<{ readonly key: string; readonly value: string | Secret }>,
): string {
  let text = '';
  for (const { key, value } of entries) {
    if (!isEnvName(key)) {
      throw new ZvaultError('INPUT_INVALID', `the name ${JSON.stringify(key)} is not a shell variable`, {
        hint: 'Use a name of letters, digits and underscores that does not start with a digit, or another format.',
      });
    }
    text += `export ${key}=${quote(value, `the value of ${key}`)}\n`;
  }
  return text;
}

function quote(value: string | Secret, what: string): string {
  const text = typeof value === 'string' ? value : value.expose();
  const problem = text.includes('\0') ? 'a NUL character' : text.isWellFormed() ? undefined : 'a lone surrogate';
  if (problem !== undefined) {
    throw new ZvaultError('INPUT_INVALID', `${what} can't be written for a shell: ${problem}`, {
      hint: 'Store binary data in base64.',
    });
  }
  // Within single quotes nothing is special but their end.
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
