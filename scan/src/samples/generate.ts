// Makes texts that a regular expression matches, for the parts of the syntax that rules use. True and false samples of a rule
// come from its own pattern, so that no live-looking token stands in the repository.

/** A whole number from 0 up to (not including) `limit`. */
export type Random = (limit: number) => number;

/** A random text that the pattern matches, look-aheads aside. @throws Error for syntax outside of the subset */
export function generateMatch(pattern: string, random: Random): string {
  const reader = new PatternReader(pattern, random);
  const text = reader.alternatives();
  if (reader.at !== pattern.length)
    throw new Error(`the pattern has an unexpected "${pattern[reader.at]}" at ${reader.at}`);
  return text;
}

const digits = '0123456789';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lower = upper.toLowerCase();
export const alphabets = {
  digits,
  upper: upper + digits,
  lower: lower + digits,
  hex: '0123456789abcdef',
  a62: upper + lower + digits,
  url: `${upper}${lower}${digits}-_`,
  base64: `${upper}${lower}${digits}+/`,
  symbols: `${upper}${lower}${digits}!@#%^&*()_+=`,
} as const;
const word = `${upper}${lower}${digits}_`;
const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');

class PatternReader {
  at = 0;
  readonly #pattern: string;
  readonly #random: Random;

  constructor(pattern: string, random: Random) {
    this.#pattern = pattern;
    this.#random = random;
  }

  /** All alternatives are read, one is kept. */
  alternatives(): string {
    const options = [this.#sequence()];
    while (this.#pattern[this.at] === '|') {
      this.at += 1;
      options.push(this.#sequence());
    }
    return options[this.#random(options.length)] ?? '';
  }

  #sequence(): string {
    let text = '';
    while (this.at < this.#pattern.length && this.#pattern[this.at] !== '|' && this.#pattern[this.at] !== ')')
      text += this.#repeated();
    return text;
  }

  #repeated(): string {
    const start = this.at;
    const first = this.#atom();
    const atomEnd = this.at;
    const count = this.#count();
    const end = this.at;
    let text = count > 0 ? first : '';
    for (let i = 1; i < count; i++) {
      this.at = start;
      text += this.#atom();
    }
    this.at = Math.max(end, atomEnd);
    return text;
  }

  #count(): number {
    const quantifier = /^(?:\{(\d+)(,?)(\d*)\}|[?*+])\??/.exec(this.#pattern.slice(this.at, this.at + 16));
    if (quantifier === null) return 1;
    this.at += quantifier[0].length;
    const sign = quantifier[0][0];
    if (sign === '?') return this.#random(2);
    if (sign === '*') return this.#random(4);
    if (sign === '+') return 1 + this.#random(4);
    const least = Number(quantifier[1]);
    const most = quantifier[2] === '' ? least : quantifier[3] === '' ? least + 8 : Number(quantifier[3]);
    return least + this.#random(Math.min(most - least, 8) + 1);
  }

  #atom(): string {
    const letter = this.#pattern[this.at] ?? '';
    this.at += 1;
    if (letter === '(') return this.#group();
    if (letter === '[') return this.#pick(this.#class());
    if (letter === '\\') return this.#pick(this.#escape());
    if (letter === '.') return this.#pick(printable);
    if (letter === '^' || letter === '$') return '';
    return letter;
  }

  #group(): string {
    const kind = /^(?:\?:|\?<\w+>|\?[=!]|\?<[=!])?/.exec(this.#pattern.slice(this.at, this.at + 24))?.[0] ?? '';
    this.at += kind.length;
    const text = this.alternatives();
    this.at += 1;
    return /[=!]/.test(kind) ? '' : text;
  }

  #class(): string {
    const negated = this.#pattern[this.at] === '^';
    if (negated) this.at += 1;
    let letters = '';
    while (this.#pattern[this.at] !== ']') {
      const letter = this.#pattern[this.at] ?? '';
      this.at += 1;
      const from = letter === '\\' ? this.#escape() : letter;
      const last = this.#pattern[this.at + 1] ?? '';
      if (from.length === 1 && this.#pattern[this.at] === '-' && last !== ']') {
        for (let code = from.charCodeAt(0); code <= last.charCodeAt(0); code++) letters += String.fromCharCode(code);
        this.at += 2;
      } else letters += from;
    }
    this.at += 1;
    return negated
      ? Array.from(word)
          .filter((letter) => !letters.includes(letter))
          .join('') ||
          Array.from(printable)
            .filter((letter) => !letters.includes(letter))
            .join('')
      : letters;
  }

  #escape(): string {
    const letter = this.#pattern[this.at] ?? '';
    this.at += 1;
    switch (letter) {
      case 'd':
        return digits;
      case 'w':
        return word;
      case 's':
        return ' ';
      case 'S':
        return `${upper}${lower}${digits}`;
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      default:
        return letter;
    }
  }

  #pick(letters: string): string {
    return letters[this.#random(letters.length)] ?? '';
  }
}
