// The kinds of characters that a name, and what assigns to it, are made of.

/** The kinds that a character is of, as bits: looked up, for this is asked of every keyword of every text. */
export const kind = {
  name: 1,
  space: 2,
  quote: 4,
  bracket: 8,
  /** Begins what says "is". */
  operator: 16,
  /** Ends the word before a login's password. */
  login: 32,
  /** Begins what may stand before a value's quote. */
  prefix: 64,
  /** Comes second in what says "is", but for `=`, `:` and `,` which may be all of it. */
  second: 128,
} as const;

/** By the character's code. */
export const kinds = new Uint8Array(256);

for (const [bit, characters] of [
  [kind.name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.'],
  [kind.space, ' \t\n\v\f\r'],
  [kind.quote, '"\'`'],
  [kind.bracket, '])'],
  [kind.operator, '=:|?+!-<.'],
  [kind.login, 'nNeErR'],
  [kind.prefix, 'nSbrfu@&$LB['],
  [kind.second, '=:>-|?uog'],
] as const)
  for (const character of characters) kinds[character.charCodeAt(0)]! |= bit;
