import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { EventStreamParser, type ServerEvent } from './event-stream.ts';

function parse(...chunks: readonly (string | Buffer)[]): { events: ServerEvent[]; parser: EventStreamParser } {
  const parser = new EventStreamParser();
  return { events: chunks.flatMap((chunk) => parser.push(Buffer.from(chunk as string))), parser };
}

test.each([
  { name: 'one event', text: 'data: a\n\n', events: [['message', 'a', '']] },
  { name: 'several data lines', text: 'data: a\ndata: b\ndata\n\n', events: [['message', 'a\nb\n', '']] },
  {
    name: 'a type and an id',
    text: 'event: secret.written\nid: 7\ndata: {}\n\n',
    events: [['secret.written', '{}', '7']],
  },
  {
    name: 'only one space is taken off',
    text: 'data:  a\n\ndata:b\n\n',
    events: [
      ['message', ' a', ''],
      ['message', 'b', ''],
    ],
  },
  { name: 'comments are skipped', text: ': hello\n\n:\ndata: a\n\n', events: [['message', 'a', '']] },
  { name: 'a byte order mark is skipped', text: '\ufeffdata: a\n\n', events: [['message', 'a', '']] },
  {
    name: 'carriage returns alone',
    text: 'data: a\r\rdata: b\r\r',
    events: [
      ['message', 'a', ''],
      ['message', 'b', ''],
    ],
  },
  { name: 'carriage return and line feed', text: 'data: a\r\ndata: b\r\n\r\n', events: [['message', 'a\nb', '']] },
  { name: 'mixed line ends', text: 'data: a\rdata: b\n\r\n', events: [['message', 'a\nb', '']] },
  {
    name: 'an id stays for later events',
    text: 'id: 1\ndata: a\n\ndata: b\n\n',
    events: [
      ['message', 'a', '1'],
      ['message', 'b', '1'],
    ],
  },
  {
    name: 'an empty id clears it',
    text: 'id: 1\ndata: a\n\nid\ndata: b\n\n',
    events: [
      ['message', 'a', '1'],
      ['message', 'b', ''],
    ],
  },
  { name: 'an id with NUL is ignored', text: 'id: 1\u00002\ndata: a\n\n', events: [['message', 'a', '']] },
  { name: 'a type without data is dropped', text: 'event: x\n\ndata: a\n\n', events: [['message', 'a', '']] },
  { name: 'empty data is an event', text: 'data\n\n', events: [['message', '', '']] },
  { name: 'unknown fields are skipped', text: 'foo: bar\ndata: a\n\n', events: [['message', 'a', '']] },
  { name: 'an event without end is dropped', text: 'data: a\n\ndata: b\n', events: [['message', 'a', '']] },
  { name: 'a colon inside data', text: 'data: a:b\n\n', events: [['message', 'a:b', '']] },
])('$name', ({ text, events }) => {
  expect(parse(text).events.map(({ type, data, id }) => [type, data, id])).toEqual(events);
});

test('an id without data is where to resume from', () => {
  const { events, parser } = parse('id: 42\n\n');
  expect(events).toEqual([]);
  expect(parser.lastEventId).toBe('42');
});

test('an id counts only when its event is complete', () => {
  expect(parse('id: 1\n\nid: 2\ndata: a\n').parser.lastEventId).toBe('1');
});

test.each([
  ['retry: 2500\n', 2500],
  ['retry: 25x\n', undefined],
  ['retry: -1\n', undefined],
])('%j asks for a pause of %j ms', (text, expected) => {
  expect(parse(text).parser.retryMs).toBe(expected);
});

test('an event without end is refused before it fills the memory', () => {
  const parser = new EventStreamParser();
  const chunk = Buffer.from(`data: ${'x'.repeat(65_536)}\n`);
  expect(() => {
    for (let index = 0; index < 32; index += 1) parser.push(chunk);
  }).toThrow(/too large/);
});

const line = fc.oneof(
  fc.constantFrom('data: ', 'data:x', 'id: 5', 'event: t', ': c', 'retry: 10', '', '\ufeff', 'data: Grüße 🗝'),
  fc.string({ maxLength: 8 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
  .map((lines) => lines.map(([text, end]) => text + end).join(''));

property.prop([stream, fc.array(fc.nat({ max: 400 }), { maxLength: 12 })])(
  'where the bytes are cut makes no difference',
  (text, cuts) => {
    const bytes = Buffer.from(text);
    const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
    const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
    const whole = parse(bytes);
    const pieces = parse(...chunks);
    expect(pieces.events).toEqual(whole.events);
    expect(pieces.parser.lastEventId).toBe(whole.parser.lastEventId);
  },
);
