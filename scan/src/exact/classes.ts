// Which of the vault's values can be looked for: a value that stands in many files by chance would only teach people to ignore
// the scanner. What is left out is told by key, never by value.

import { shannonEntropy } from '../engine/entropy.ts';

/** `anywhere`: at any position. `bounded`: only between characters that are no letters or digits. */
export type ValueClass = 'anywhere' | 'bounded' | { readonly left: string };

const minBytes = 8;
/** Length times entropy, in bits: `postgres` has 22, `localhost` 25. */
const minBits = 28;
const anywhereBytes = 16;
const anywhereBits = 48;

const commonWords =
  /^(?:true|false|null|none|undefined|enabled|disabled|localhost|production|development|staging|testing|postgres|postgresql|password|changeme|secret|default|example|administrator|username|info|debug|warning)$/i;

/** The class of a value, or why it is left out. */
export function classOfValue(value: string): ValueClass {
  const core = value.trim();
  const bytes = Buffer.byteLength(core);
  if (bytes < minBytes) return { left: 'shorter than 8 bytes' };
  if (commonWords.test(core)) return { left: 'a common word' };
  if (/^[+-]?[\d.,:_ /-]+$/.test(core) && core.replace(/\D/g, '').length < 10) return { left: 'a short number' };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s@]*$/.test(core) && !/[?&#=]/.test(core))
    return { left: 'an address without a password' };
  if (/^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(core)) return { left: 'an e-mail address' };
  if (/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}(?::\d{1,5})?$/i.test(core) && !/\d{6}/.test(core))
    return { left: 'a host name' };
  if (/^(?:~|\.{0,2})\/[\w./@-]*$/.test(core)) return { left: 'a path' };
  const bits = core.length * shannonEntropy(core);
  if (bits < minBits) return { left: 'too easy to meet by chance' };
  if (/^[a-z]+$|^[A-Z]?[a-z]+(?:[-_ ][a-z]+){0,2}$/.test(core) && bytes < anywhereBytes) return { left: 'a word' };
  return bytes >= anywhereBytes && bits >= anywhereBits ? 'anywhere' : 'bounded';
}
