import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { allowedHits } from './allow.ts';
import { Positions } from './position.ts';

test.prop([fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('\n')), { maxLength: 40 })])(
  'lines and columns count what stands before, by line feeds and code points',
  (parts) => {
    const text = parts.join('');
    const positions = new Positions(Buffer.from(text));
    const characters = Array.from(text);
    for (let i = 0; i <= characters.length; i += 2) {
      const before = characters.slice(0, i).join('');
      const lines = before.split('\n');
      expect(positions.at(Buffer.byteLength(before))).toEqual({
        line: lines.length,
        column: Array.from(lines.at(-1) ?? '').length + 1,
      });
    }
  },
);

test.each([0, 100_000])('a comment allows the same with %i bytes around it', (filler) => {
  const around = 'x\n'.repeat(filler / 2);
  const text = `${around}SECRET\nSECRET # zvault:allow[a]\n# zvault:allow\nSECRET\nx\nSECRET\n# zvault:allow\n${around}`;
  const hits = Array.from(text.matchAll(/SECRET/g), ({ index }) => ({ rule: { id: 'a' }, start: index, exact: false }));
  const allowed = allowedHits(Buffer.from(text), hits);
  expect(hits.map((hit) => allowed?.has(hit))).toEqual([false, true, true, false]);
  const others = hits.filter((hit) => allowed?.has(hit) !== true);
  expect(allowedHits(Buffer.from(text.replaceAll('zvault:allow', 'nothing')), others)).toBeUndefined();
});
