// Texts that stand in for a secret: templates, words that say so, runs and sequences that nobody draws by chance.

const template =
  /\$\{|\{\{|\}\}|\$\(|#\{|@@[A-Za-z_]+@@|^\\?\$[A-Za-z_]|<%|%>|\[\[|^\$[A-Za-z_]|^%\w+%$|^%[a-z_]+$|^@[A-Za-z_]\w*@$|^__\w+__$|^<[^>]*>?$|^\{[^}]*\}$|^\[[^\]]*\]?$|%\([a-z_]+\)s|\{\.[A-Za-z]|&lt;.*&gt|\{[A-Za-z_][\w.:-]*\}|^%[sdv]$|zvault:\/\//i;
const madeUp =
  /xxxxx|^x+$|[-_]xxx+(?![a-z0-9])|\*\*\*|\.\.\.|\u2026|\xe2\x80\xa6|____|----|\?\?\?|####|example|placeholder|change[-_ ]?(?:me|it|this)|your[-_ ]|yourkey|yourtoken|yoursecret|yourpass|yourapi|dummy|sample|redacted|removed|replace[-_ ]?(?:me|with|this)|insert[-_ ]|not[-_]?a?[-_]?real|fake|bogus|invalid|masked|hidden|censored|deadbeef|cafebabe|lorem|ipsum|foobar|notasecret|(?<![a-z])to-?do(?![a-z])|fixme|hunter2|test[-_]?(?:key|token|secret|pass|api|value|only)|mock[-_]|qwerty|asdfgh|some[-_]?(?:key|token|secret|pass|random|value)|my[-_]?(?:key|token|secret|pass|super|api|app)|super[-_]?secret|top[-_]?secret|very[-_]?secret|secret[-_]?(?:key|token|value|here|goes)|(?:key|token|secret|password|value)[-_]?here|goes[-_]?here|undefined|[a-z]-goes-|generate-|openssl[-_ ]/i;

/**
 * True if the text cannot be a live secret.
 * @param text the secret without its vendor's prefix
 */
export function isPlaceholder(text: string): boolean {
  if (template.test(text)) return true;
  // A word of four letters turns up by chance in a long random text: once in ten thousand of 100 characters.
  if (text.length <= 128 && madeUp.test(text)) return true;
  return isPatterned(text);
}

const maxJudged = 256;

/** True for runs (`aaaaaa`), sequences (`12345678`, `abcdefgh`) and repeats (`abcabcabc`) that make up much of the text. */
function isPatterned(whole: string): boolean {
  // Enough of a long text to judge it.
  const text = whole.length > maxJudged ? whole.slice(0, maxJudged) : whole;
  let run = 1;
  let longestRun = 1;
  let up = 1;
  let down = 1;
  let longestSequence = 1;
  let before = text.charCodeAt(0);
  for (let i = 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const step = code - before;
    run = step === 0 ? run + 1 : 1;
    // 9 is followed by 0 on the keyboard, and by a or A where people count in hex.
    const next = step === 1 || (before === 57 && (code === 48 || code === 65 || code === 97));
    up = next ? up + 1 : 1;
    down = step === -1 ? down + 1 : 1;
    if (run > longestRun) longestRun = run;
    if (up > longestSequence) longestSequence = up;
    if (down > longestSequence) longestSequence = down;
    before = code;
  }
  if (longestRun >= Math.max(5, Math.min(8, text.length / 6)) || longestSequence >= 7) return true;
  if (text.length >= 12 && new Set(text).size <= Math.min(6, text.length / 4)) return true;
  return isInterleaved(text) || hasShortPeriod(text);
}

/** True for `a1b2c3d4`, `1a2b3c` and `abc123def456`: the letters by themselves and the digits by themselves are sequences. */
function isInterleaved(text: string): boolean {
  const digits = { count: 0, steps: 0, last: -2 };
  const letters = { count: 0, steps: 0, last: -2 };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isDigit = code >= 48 && code <= 57;
    const place = isDigit ? code - 48 : (code | 32) - 97;
    if (!isDigit && (place < 0 || place > 25)) continue;
    const kind = isDigit ? digits : letters;
    kind.count += 1;
    // 9 is followed by 0; f (in hex) and z by a.
    const wraps = isDigit ? kind.last === 9 : kind.last === 5 || kind.last === 25;
    if (place === kind.last + 1 || (place === 0 && wraps)) kind.steps += 1;
    kind.last = place;
  }
  return [digits, letters].every(({ count, steps }) => count >= 4 && steps >= (count - 1) * 0.75);
}

/** True if more than three quarters of the text repeat three times or more with a period of at most 20. */
function hasShortPeriod(text: string): boolean {
  if (text.length < 12) return false;
  for (let period = 1; period <= Math.min(20, text.length / 3); period++) {
    let others = (text.length - period) * 0.25;
    for (let i = period; i < text.length && others > 0; i++)
      if (text.charCodeAt(i) !== text.charCodeAt(i - period)) others -= 1;
    if (others > 0) return true;
  }
  return false;
}
