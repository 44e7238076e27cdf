// Patterns for keys: `*` is any run of characters, `?` one. Everything else stands for itself.

/** True when the pattern is more than a key. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** Matches whole keys. Linear in the length of key times pattern: a pattern cannot be made slow. */
export function matchesGlob(pattern: string, key: string): boolean {
  const [p, k] = [Array.from(pattern), Array.from(key)];
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < k.length;) {
    if (at < p.length && p[at] !== '*' && (p[at] === '?' || p[at] === k[index])) {
      at += 1;
      index += 1;
    } else if (at < p.length && p[at] === '*') {
      star = at;
      resume = index;
      at += 1;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (p[at] === '*') at += 1;
  return at === p.length;
}
