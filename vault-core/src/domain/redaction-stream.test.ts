import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRedactable, redactedForms } from './redact-forms.ts';
import { Redactor } from './redact.ts';
import { redactionMark } from './redaction-stream.ts';

const password = `pa$$ w/ord="é"'\\x`;
const token = 'Zx8-kQ2_mN7vB4cL';
const key = `-----BEGIN KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq\n'.repeat(3)}-----END KEY-----\n`;

function redactorOf(...values: string[]): Redactor {
  const redactor = new Redactor();
  for (const value of values) redactor.add(value);
  return redactor;
}

/** Everything that a stream answers, chunk by chunk. The chunks are destroyed after use, as readers that reuse memory do. */
function writeAll(redactor: Redactor, chunks: readonly Uint8Array[]): Buffer {
  const stream = redactor.createStream();
  const parts = chunks.map((chunk) => {
    const copy = Buffer.from(chunk);
    const part = Buffer.from(stream.write(copy));
    copy.fill(0x58);
    return part;
  });
  return Buffer.concat([...parts, stream.flush()]);
}

/** Few letters make values that share parts with each other and with the text. */
const value = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', '/', '"', ' ', '\n', 'é'), minLength: 4, maxLength: 24 }),
  fc.string({ unit: 'binary', minLength: 4, maxLength: 200 }),
);
const values = fc
  .array(value, { maxLength: 5 })
  .map((values) => values.filter((value) => isRedactable(value) && !/[\]redact[]{3}/.test(value)));

/** Bytes of any kind, with forms of the values and parts of forms in between. */
function textOf(values: readonly string[]): fc.Arbitrary<Buffer> {
  const forms = values.flatMap((value) => redactedForms(value));
  const form = fc.constantFrom(Buffer.alloc(0), ...values.map((value) => Buffer.from(value)), ...forms);
  const part = fc.tuple(form, fc.nat(), fc.nat()).map(([bytes, a, b]) => {
    const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)];
    return bytes.subarray(Math.min(from, to), Math.max(from, to));
  });
  const noise = fc.uint8Array({ maxLength: 12 });
  return fc.array(fc.oneof(form, form, part, noise), { maxLength: 8 }).map((parts) => Buffer.concat(parts));
}

const scene = values.chain((values) =>
  fc.record({ values: fc.constant(values), text: textOf(values), cuts: fc.array(fc.nat(400), { maxLength: 12 }) }),
);

function cut(text: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), text.length]) {
    chunks.push(text.subarray(from, to));
    from = Math.min(to, text.length);
  }
  return chunks;
}

/** The definition: whatever any form covers goes, and each run of it becomes one mark. */
function expected(values: readonly string[], text: Buffer): Buffer {
  const covered = new Uint8Array(text.length);
  for (const form of values.flatMap((value) => redactedForms(value))) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) covered.fill(1, at, at + form.length);
  }
  const out: number[] = [];
  for (const [at, byte] of text.entries()) {
    if (covered[at] === 0) out.push(byte);
    else if (at === 0 || covered[at - 1] === 0) out.push(...Buffer.from(redactionMark));
  }
  return Buffer.from(out);
}

test('redacts what the forms cover, no more and no less, wherever the chunks are cut', () => {
  fc.assert(
    fc.property(scene, ({ values, text, cuts }) => {
      const redactor = redactorOf(...values);
      const whole = writeAll(redactor, [text]);
      expect(whole).toEqual(expected(values, text));
      expect(writeAll(redactor, cut(text, cuts))).toEqual(whole);
      expect(
        writeAll(
          redactor,
          Array.from(text, (byte) => Buffer.of(byte)),
        ),
      ).toEqual(whole);
    }),
    { numRuns: 400 },
  );
});

test('the order and time of additions do not matter', () => {
  const others = Array.from({ length: 30 }, (_, i) => `one of the other values, number ${i}`);
  fc.assert(
    fc.property(scene, ({ values, text, cuts }) => {
      const late = redactorOf(...others);
      for (const value of values) {
        late.redact('a look at a text compiles');
        late.add(value);
        late.add(value);
      }
      const early = redactorOf(...values.toReversed(), ...others);
      expect(writeAll(late, cut(text, cuts))).toEqual(writeAll(early, [text]));
    }),
    { numRuns: 300 },
  );
});

test('bytes without secrets pass unchanged', () => {
  const redactor = redactorOf(password, token, key);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
      expect(writeAll(redactor, chunks)).toEqual(Buffer.concat(chunks));
    }),
  );
});

test('shows a prompt at once, and holds back only what may be a secret', () => {
  const stream = redactorOf(
    ...Array.from({ length: 500 }, (_, i) => `${String.fromCharCode(33 + (i % 94))}v${i}-of the ${i}`),
    key,
  ).createStream();
  expect(stream.write(Buffer.from('Password: ')).toString()).toBe('Password: ');
  expect(stream.write(Buffer.from('\n> ')).toString()).toBe('\n> ');
  expect(stream.heldBytes).toBe(0);

  const secret = redactorOf(token).createStream();
  expect(secret.write(Buffer.from(`token: ${token.slice(0, 9)}`)).toString()).toBe('token: ');
  expect(secret.heldBytes).toBe(9);
  expect(secret.write(Buffer.from('?')).toString()).toBe(`${token.slice(0, 9)}?`);
  expect(secret.write(Buffer.from(token)).toString()).toBe(redactionMark);
  expect(secret.write(Buffer.from(token.slice(0, 5))).toString()).toBe('');
  expect(secret.flush().toString()).toBe(token.slice(0, 5));
  expect(secret.heldBytes).toBe(0);
});

test('a match that may grow is held until it is decided', () => {
  const stream = redactorOf('secret-1', 'secret-12345').createStream();
  expect(stream.write(Buffer.from('secret-123')).toString()).toBe('');
  expect(stream.write(Buffer.from('45.')).toString()).toBe(`${redactionMark}.`);
  expect(stream.write(Buffer.from('secret-123')).toString()).toBe('');
  expect(stream.flush().toString()).toBe(`${redactionMark}23`);
});

test('holds back for values compiled at different times', () => {
  const redactor = redactorOf('abcd-efgh-1jkl', ...Array.from({ length: 30 }, (_, i) => `another value, number ${i}`));
  redactor.redact('a look at a text compiles');
  redactor.add('efgh-1');
  const stream = redactor.createStream();
  expect(stream.write(Buffer.from('abcd-efgh-1')).toString()).toBe('');
  expect(stream.write(Buffer.from('.abcd-efgh-1jkl')).toString()).toBe(`abcd-${redactionMark}.${redactionMark}`);
});

test('after flush a new text begins', () => {
  const stream = redactorOf(token).createStream();
  for (const _ of [1, 2]) {
    expect(Buffer.concat([stream.write(Buffer.from(token)), stream.flush()]).toString()).toBe(redactionMark);
  }
});

test('a value added while its beginning is held, or later, is redacted', () => {
  const redactor = redactorOf('abcdefgh-1');
  const stream = redactor.createStream();
  expect(stream.write(Buffer.from('abcdefgh')).toString()).toBe('');
  redactor.add('defgh-2345');
  expect(stream.write(Buffer.from('-2345')).toString()).toBe(`abc${redactionMark}`);
  redactor.add(token);
  expect(stream.write(Buffer.from(` ${token}`)).toString()).toBe(` ${redactionMark}`);
});

test('works as a transform stream', async () => {
  const bytes = Buffer.from(`start ${token} ${encodeURIComponent(password)} end`);
  const transform = redactorOf(token, password).createTransform();
  const result = readAll(Readable.from(Array.from(bytes, (byte) => Buffer.of(byte))).pipe(transform));
  expect(await result).toBe(`start ${redactionMark} ${redactionMark} end`);
});

test('the transform stream passes a prompt on without waiting for more', async () => {
  const transform = redactorOf(token).createTransform();
  transform.write('Continue? ');
  const [chunk] = (await once(transform, 'data')) as [Buffer];
  expect(chunk.toString()).toBe('Continue? ');
  transform.destroy();
});

test('what is held when the values are cleared is never shown', () => {
  const redactor = redactorOf('secret-1', 'secret-12345');
  const streams = ['', 'so: secret-1', 'so: secr', 'secret-1secr'].map((start) => {
    const stream = redactor.createStream();
    return { stream, shown: stream.write(Buffer.from(start)).toString() };
  });
  redactor.clear();
  const texts = streams.map(
    ({ stream, shown }) => shown + stream.write(Buffer.from('et-1 ')).toString() + stream.flush(),
  );
  expect(texts).toEqual(['et-1 ', `so: ${redactionMark}et-1 `, `so: ${redactionMark}et-1 `, `${redactionMark}et-1 `]);
});
