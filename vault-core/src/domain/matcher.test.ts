import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileMatcher, loadMatcher, type Matcher } from './matcher.ts';
import { minPatternBytes } from './prefix-index.ts';

// Few letters, so that patterns overlap, share beginnings and contain each other.
const pattern = (minLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength: 14 });
const patternSet = fc
  .constantFrom(4, 5, 6, 7, 9)
  .chain((minLength) => fc.array(pattern(minLength), { minLength: 1, maxLength: 12 }));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'a', 'b', 'c'), maxLength: 80 });

type Found = [start: number, end: number, pattern: number];

function allMatches(patterns: readonly string[], text: string): Found[] {
  const found: Found[] = [];
  for (let start = 0; start < text.length; start += 1) {
    const here = patterns.filter((pattern) => text.startsWith(pattern, start));
    if (here.length === 0) continue;
    const longest = here.reduce((a, b) => (b.length > a.length ? b : a));
    found.push([start, start + longest.length, patterns.indexOf(longest)]);
  }
  return found;
}

function leftmostLongest(patterns: readonly string[], text: string): Found[] {
  let from = 0;
  return allMatches(patterns, text).filter(([start, end]) => {
    if (start < from) return false;
    from = end;
    return true;
  });
}

function firstUndecided(patterns: readonly string[], text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const rest = text.slice(at);
    if (patterns.some((pattern) => pattern.length > rest.length && pattern.startsWith(rest))) return at;
  }
  return text.length;
}

function compile(patterns: readonly string[]): Matcher {
  return compileMatcher(patterns.map((pattern) => Buffer.from(pattern)));
}

function scan(matcher: Matcher, text: string, final: boolean, next: (start: number, end: number) => number) {
  const found: Found[] = [];
  const undecided = matcher.scan(Buffer.from(text), {
    final,
    onMatch(start, end, pattern) {
      found.push([start, end, pattern]);
      return next(start, end);
    },
  });
  return { found, undecided };
}

test('finds the longest pattern at each position', () => {
  fc.assert(
    fc.property(patternSet, text, (patterns, text) => {
      const { found, undecided } = scan(compile(patterns), text, true, (start) => start + 1);
      expect(found).toEqual(allMatches(patterns, text));
      expect(undecided).toBe(text.length);
    }),
    { numRuns: 2000 },
  );
});

test('finds leftmost-longest matches', () => {
  fc.assert(
    fc.property(patternSet, text, (patterns, text) => {
      const { found } = scan(compile(patterns), text, true, (_, end) => end);
      expect(found).toEqual(leftmostLongest(patterns, text));
    }),
  );
});

test('stops where the text may still become a match, and nowhere else', () => {
  fc.assert(
    fc.property(patternSet, text, (patterns, text) => {
      const { found, undecided } = scan(compile(patterns), text, false, (start) => start + 1);
      expect(undecided).toBe(firstUndecided(patterns, text));
      expect(found).toEqual(allMatches(patterns, text).filter(([start]) => start < undecided));
    }),
    { numRuns: 2000 },
  );
});

test('finds the same over any chunks when the undecided rest is carried on', () => {
  fc.assert(
    fc.property(patternSet, fc.array(text, { maxLength: 6 }), (patterns, chunks) => {
      const matcher = compile(patterns);
      const found: Found[] = [];
      let carried = '';
      let offset = 0;
      for (const [index, chunk] of chunks.entries()) {
        const part = carried + chunk;
        const result = scan(matcher, part, index === chunks.length - 1, (_, end) => end);
        for (const [start, end, pattern] of result.found) found.push([start + offset, end + offset, pattern]);
        carried = part.slice(result.undecided);
        offset += result.undecided;
      }
      expect(found).toEqual(leftmostLongest(patterns, chunks.join('')));
    }),
  );
});

test('starts where it is told to', () => {
  const matcher = compile(['abcd']);
  const starts: number[] = [];
  matcher.scan(Buffer.from('abcdabcd'), {
    from: 1,
    final: true,
    onMatch(start, end) {
      starts.push(start);
      return end;
    },
  });
  expect(starts).toEqual([4]);
});

test('matches bytes, not characters', () => {
  const matcher = compileMatcher([Buffer.from([0, 0xff, 0x80, 0xfe, 0])]);
  const { undecided } = scan(matcher, 'text', true, (_, end) => end);
  expect(undecided).toBe(4);
  const hits: number[] = [];
  matcher.scan(Buffer.from([0x80, 0, 0xff, 0x80, 0xfe, 0]), {
    onMatch(start, end) {
      hits.push(start, end);
      return end;
    },
  });
  expect(hits).toEqual([1, 6]);
});

test('keeps equal patterns once and names the first', () => {
  const matcher = compile(['other', 'equal', 'equal']);
  expect(matcher.size).toBe(2);
  expect(scan(matcher, 'equal', true, (_, end) => end).found).toEqual([[0, 5, 1]]);
  expect([...matcher.patterns()].map((bytes) => Buffer.from(bytes).toString())).toEqual(['equal', 'other']);
});

test('without patterns, nothing matches', () => {
  expect(scan(compileMatcher([]), 'some text', false, (_, end) => end)).toEqual({ found: [], undecided: 9 });
});

test('refuses patterns that are too short', () => {
  expect(() => compile(['x'.repeat(minPatternBytes - 1)])).toThrow(RangeError);
});

test('tells thousands of patterns with one beginning apart', () => {
  const patterns = Array.from({ length: 5000 }, (_, i) => `postgres://user-${i}@host/`);
  const text = [17, 4999, 170, 1].map((i) => `url=${patterns[i]}db `).join('');
  const { found } = scan(compile(patterns), text, true, (_, end) => end);
  expect(found.map(([, , pattern]) => pattern)).toEqual([17, 4999, 170, 1]);
});

test('clear overwrites the patterns', () => {
  const matcher = compile(['some-secret']);
  const [bytes] = [...matcher.patterns()];
  matcher.clear();
  expect(Buffer.from(bytes!)).toEqual(Buffer.alloc(11));
});

test('a saved matcher finds the same, wherever its bytes stand', () => {
  const patterns = ['abcd', 'abcdefgh', 'bcdefg', 'zzzz', 'abcd'].map((pattern) => Buffer.from(pattern));
  const text = Buffer.from('xabcdefgh abcd bcdefg zzzzz');
  const found = (matcher: Matcher): string[] => {
    const matches: string[] = [];
    matcher.scan(text, {
      final: true,
      onMatch: (start, end, pattern) => {
        matches.push(`${start}-${end} ${pattern}`);
        return start + 1;
      },
    });
    return matches;
  };
  const compiled = compileMatcher(patterns);
  const saved = compiled.save();
  for (const shift of [0, 1, 3]) {
    const moved = Buffer.concat([Buffer.alloc(shift), saved]).subarray(shift);
    expect(found(loadMatcher(moved))).toEqual(found(compiled));
  }
  expect(found(loadMatcher(compileMatcher([]).save()))).toEqual([]);
  expect(() => loadMatcher(saved.subarray(0, saved.length - 8))).toThrow(RangeError);
  expect(() => loadMatcher(Buffer.alloc(64))).toThrow(RangeError);
});
