import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { parseUniqueObject } from './strict-json.ts';

/** JSON as a tree whose objects are lists of members, so that a name can occur twice. */
type Node = string | number | null | readonly Node[] | { readonly members: readonly (readonly [string, Node])[] };
const text = fc.string({
  unit: fc.constantFrom('a', 'b', '"', '\\', '{', '}', '[', ',', ':', '\u0001', 'é', '\u{1f511}'),
  maxLength: 3,
});
const { node: tree } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.record({ members: fc.array(fc.tuple(text, tie('node')), { maxLength: 4 }) }),
  ),
}));
const object = fc.record({ members: fc.array(fc.tuple(text, tree), { maxLength: 4 }) });

function write(node: Node, space: string): string {
  if (typeof node !== 'object' || node === null) return JSON.stringify(node);
  if ('members' in node)
    return `{${node.members.map(([name, value]) => `${space}${JSON.stringify(name)}${space}:${write(value, space)}`).join(`${space},`)}${space}}`;
  return `[${node.map((value) => write(value, space)).join(',')}]`;
}

function repeats(node: Node): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (!('members' in node)) return node.some(repeats);
  const names = node.members.map(([name]) => name);
  return new Set(names).size < names.length || node.members.some(([, value]) => repeats(value));
}

property.prop([object, fc.constantFrom('', ' ', '\n\t')])(
  'takes exactly the objects that name no member twice',
  (node, space) => {
    const json = write(node, space);
    const parsed = parseUniqueObject(json);
    if (repeats(node)) expect(parsed).toBeUndefined();
    else expect(JSON.stringify(parsed)).toBe(JSON.stringify(JSON.parse(json)));
  },
);

test.each(['', 'null', '1', '"a"', '[]', '{', '{"a":1} {}', '{a:1}', '\ufeff{}'])('%j is no object', (json) => {
  expect(parseUniqueObject(json)).toBeUndefined();
});

test('the same name in two objects is no repetition, nor is a value that equals a name', () => {
  expect(parseUniqueObject('{"a":{"a":"a"},"b":[{"a":1},{"a":2},"a","a"]}')).toEqual({
    a: { a: 'a' },
    b: [{ a: 1 }, { a: 2 }, 'a', 'a'],
  });
});

test('a hostile text takes no more than its length', () => {
  const start = performance.now();
  parseUniqueObject(`{"a":"${'\\\\'.repeat(100_000)}","b":${'['.repeat(5000)}${']'.repeat(5000)}}`);
  expect(performance.now() - start).toBeLessThan(1000);
});
