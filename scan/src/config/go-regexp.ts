// Regular expressions of Go (RE2's syntax) in JavaScript's. What differs: inline flags, `\z`, `\A`, POSIX classes, `(?P<name>`.

import { ZvaultError } from '@zvault/core/domain';

const posix: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-/:-@[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

export interface JsPattern {
  readonly source: string;
  /** `i`, `m`, `s` that hold for the whole expression. */
  readonly flags: string;
}

/** @throws CONFIG_INVALID if the result is no JavaScript expression */
export function goToJs(pattern: string, place: string): JsPattern {
  let flags = '';
  let source = pattern;
  const leading = /^\(\?([imsU]+)\)/.exec(source);
  if (leading) {
    flags = (leading[1] ?? '').replace('U', '');
    source = source.slice(leading[0].length);
  }
  source = source
    .replace(/\[:(\w+):\]/g, (whole, name: string) => posix[name] ?? whole)
    .replace(/\(\?P</g, '(?<')
    .replace(/\\z/g, '(?![\\s\\S])')
    .replace(/\\A/g, '(?<![\\s\\S])')
    .replace(/\\Q([\s\S]*?)\\E/g, (_, text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .replace(/\\x\{([0-9A-Fa-f]+)\}/g, (_, hex: string) => `\\u${hex.padStart(4, '0')}`);
  // A flag set in the middle holds to the end of its group: `(?i)abc` there becomes `(?i:abc)`.
  source = scopeFlags(source);
  try {
    void new RegExp(source, flags);
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `${place}: the regular expression can't be used`, {
      hint: 'write it in the syntax that Go and JavaScript share',
      cause: error,
    });
  }
  return { source, flags };
}

function scopeFlags(source: string): string {
  const open = /\(\?([ims]+)\)/.exec(source);
  if (open === null) return source;
  const start = open.index;
  const end = groupEnd(source, start + open[0].length);
  const scoped = `${source.slice(0, start)}(?${open[1] ?? ''}:${source.slice(start + open[0].length, end)})${source.slice(end)}`;
  return scopeFlags(scoped);
}

/** Where the group that is open at `at` ends (its closing parenthesis, or the end of the text). */
function groupEnd(source: string, at: number): number {
  let depth = 0;
  let inClass = false;
  for (let i = at; i < source.length; i++) {
    const letter = source[i];
    if (letter === '\\') i += 1;
    else if (inClass) inClass = letter !== ']';
    else if (letter === '[') inClass = true;
    else if (letter === '(') depth += 1;
    else if (letter === ')') {
      if (depth === 0) return i;
      depth -= 1;
    }
  }
  return source.length;
}
