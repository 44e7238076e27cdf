// What two versions of a file have in common: stretches of bytes that are the same, in order. Not the most there are, but found
// about as fast as memory can be read.

export interface Stretch {
  /** Where it begins in the earlier version, and in the later one. */
  readonly before: number;
  readonly after: number;
  readonly length: number;
}

/** Compared natively in blocks of this many bytes, then one by one. */
const blockBytes = 512;
/** How far from where it is expected a line is looked for. */
const searchBytes = 4096;
/** Less than this is not worth a search. */
const leastGap = 512;
const mostDepth = 12;

/** Stretches that both texts have, none shorter than `least` bytes but for those at the very beginning and end. */
export function unchangedStretches(before: Buffer, after: Buffer, least: number): Stretch[] {
  const head = commonHead(before, after);
  const tail = commonTail(before.subarray(head), after.subarray(head));
  const found: Stretch[] = [];
  if (head > 0) found.push({ before: 0, after: 0, length: head });
  inMiddle(
    found,
    before,
    after,
    { from: head, to: before.length - tail },
    { from: head, to: after.length - tail },
    least,
    0,
  );
  if (tail > 0) found.push({ before: before.length - tail, after: after.length - tail, length: tail });
  return found;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Looks for a line of the one range in the other, near where it would be; what surrounds it is the same, too, up to the next change. */
function inMiddle(found: Stretch[], a: Buffer, b: Buffer, inA: Range, inB: Range, least: number, depth: number): void {
  if (depth > mostDepth || Math.min(inA.to - inA.from, inB.to - inB.from) < Math.max(leastGap, least)) return;
  for (const part of [0.5, 0.25, 0.75]) {
    const at = a.indexOf(10, inA.from + Math.floor((inA.to - inA.from) * part)) + 1;
    if (at === 0 || at + least > inA.to) continue;
    const there = locate(a, b, at, inA, inB, least);
    if (there === -1) continue;
    const back = commonTail(a.subarray(inA.from, at), b.subarray(inB.from, there));
    const ahead = commonHead(a.subarray(at, inA.to), b.subarray(there, inB.to));
    const stretch = { before: at - back, after: there - back, length: back + ahead };
    const endA = stretch.before + stretch.length;
    const endB = stretch.after + stretch.length;
    inMiddle(
      found,
      a,
      b,
      { from: inA.from, to: stretch.before },
      { from: inB.from, to: stretch.after },
      least,
      depth + 1,
    );
    found.push(stretch);
    inMiddle(found, a, b, { from: endA, to: inA.to }, { from: endB, to: inB.to }, least, depth + 1);
    return;
  }
}

/** Where `count` bytes of `a` stand in `b`, or -1: as far from one end of the range as in `a`, or near that. */
function locate(a: Buffer, b: Buffer, at: number, inA: Range, inB: Range, count: number): number {
  const fromStart = inB.from + at - inA.from;
  const fromEnd = inB.to - (inA.to - at);
  for (const there of [fromStart, fromEnd])
    if (there >= inB.from && there + count <= inB.to && a.compare(b, there, there + count, at, at + count) === 0)
      return there;
  const from = Math.max(inB.from, Math.min(fromStart, fromEnd) - searchBytes);
  const to = Math.min(inB.to, Math.max(fromStart, fromEnd) + searchBytes);
  const there = from < to ? b.subarray(from, to).indexOf(a.subarray(at, at + count)) : -1;
  return there === -1 ? -1 : from + there;
}

function commonHead(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same + blockBytes <= most && a.compare(b, same, same + blockBytes, same, same + blockBytes) === 0)
    same += blockBytes;
  while (same < most && a[same] === b[same]) same += 1;
  return same;
}

function commonTail(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same + blockBytes <= most) {
    const [endA, endB] = [a.length - same, b.length - same];
    if (a.compare(b, endB - blockBytes, endB, endA - blockBytes, endA) !== 0) break;
    same += blockBytes;
  }
  while (same < most && a[a.length - 1 - same] === b[b.length - 1 - same]) same += 1;
  return same;
}
