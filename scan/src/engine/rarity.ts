// Which four bytes of a keyword are seldom seen elsewhere: the fewer places the filter stops at, the faster it is.

// How often letters stand in source code and prose, rarest first; digits, punctuation and capitals are folded away before.
const byFrequency = 'zqjxkvwybgpfmhudclsnraoite';

/** The offset of the four bytes that are likely the rarest of `bytes` (folded, four or more). */
export function rarestGram(bytes: Uint8Array): number {
  let best = 0;
  let bestScore = Infinity;
  for (let offset = 0; offset + 4 <= bytes.length; offset++) {
    let score = 0;
    for (let i = offset; i < offset + 4; i++) score += commonness(bytes[i] ?? 0);
    if (score < bestScore) {
      bestScore = score;
      best = offset;
    }
  }
  return best;
}

function commonness(byte: number): number {
  if (byte >= 0x61 && byte <= 0x7a) return 4 + byFrequency.indexOf(String.fromCharCode(byte));
  if (byte === 0x20) return 30;
  // Dashes and equal signs come in rows.
  if (byte === 0x2d || byte === 0x3d) return 22;
  return 8;
}
