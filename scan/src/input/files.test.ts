// A large file is scanned in pieces: what comes out is what a scan of the whole gives.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Folder } from '../../test/run.ts';
import { type Draw, crcToken, seeded } from '../../test/secrets.ts';
import { rules } from '../rules/index.ts';
import { type Found, Scanner } from '../scanner.ts';
import { scanFile } from './files.ts';
import type { InputContext } from './source.ts';

const scanner = new Scanner({ rules });
const step = 2 * 1024 * 1024 - 64 * 1024;

/** As `scanFile` reports it. */
function scanned(path: string): { found: Found[]; skipped: string[] } {
  const found: Found[] = [];
  const skipped: string[] = [];
  const context: Pick<InputContext, 'scanner' | 'maxFileSize' | 'deep' | 'onFound' | 'onSkipped'> = {
    scanner,
    maxFileSize: 0,
    deep: false,
    onFound: (one) => void found.push(one),
    onSkipped: ({ reason }) => void skipped.push(reason),
  };
  scanFile(context as InputContext, { path, display: 'a.txt', link: false });
  return { found, skipped };
}

/** Secrets near each place where one piece ends or the next begins, and elsewhere. */
function fill(draw: Draw, filler: string): string {
  let text = '';
  const places = [1, 2, 3].flatMap((piece) =>
    [-40, -1, 0, 31_000, 32_768, 33_000, 65_500, 65_536].map((off) => piece * step + off),
  );
  for (const place of places) {
    while (text.length < place - 30) text += filler.slice(0, place - 30 - text.length);
    text +=
      draw(2) === 0 ? ` key ${crcToken(draw, 'ghp_')} ` : `\npassword = "${crcToken(draw, 'Xa9-').slice(0, 20)}"\n`;
  }
  return text + filler.repeat(1000);
}

const byteOrderMark = '\ufeff';

test.each([
  ['lines', 'plain words and some more of them\n', ''],
  ['lines of other letters', 'größer, 大きい, 🔑 and more\r\n', byteOrderMark],
  ['one long line', 'xyz größer 🔑, ', ''],
  ['one long line behind a byte order mark', 'xyz größer, ', byteOrderMark],
  ['long lines', `${'word '.repeat(40_000)}\n`, ''],
  ['bytes that are no text', '\0\x01\x02 no text\n', ''],
])('a file in pieces: %s', (_, filler, mark) => {
  using folder = new Folder();
  for (let seed = 0; seed < 4; seed += 1) {
    folder.write('a.txt', mark + fill(seeded(seed), filler));
    const path = join(folder.path, 'a.txt');
    const whole = scanner.scan('a.txt', readFileSync(path));
    expect(whole.length).toBeGreaterThan(5);
    expect(scanned(path)).toEqual({ found: whole, skipped: [] });
  }
});

test('a large file of UTF-16', () => {
  using folder = new Folder();
  folder.write('a.txt', Buffer.from(fill(seeded(9), 'plain words\r\n'), 'utf16le'));
  const path = join(folder.path, 'a.txt');
  const whole = scanner.scan('a.txt', readFileSync(path));
  expect(whole.length).toBeGreaterThan(5);
  expect(scanned(path)).toEqual({ found: whole, skipped: [] });
});
