// Audit files, read line by line, however large they are.

import { createReadStream, openSync, closeSync } from 'node:fs';
import { resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { fileError } from '../input.ts';

export interface LogLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** False for text at the end of the file that has no end of line. */
  readonly whole: boolean;
}

/** @throws NOT_FOUND, FORBIDDEN, INPUT_INVALID */
export async function* logLines(cwd: string, path: string): AsyncGenerator<LogLine> {
  const full = resolve(cwd, path);
  try {
    closeSync(openSync(full, 'r'));
    const source = createReadStream(full, { highWaterMark: 1_048_576 });
    const unzip = path.endsWith('.gz') ? createGunzip() : undefined;
    const bytes = unzip ? source.on('error', (error) => unzip.destroy(error)).pipe(unzip) : source;
    bytes.setEncoding('utf8');
    let rest = '';
    let number = 0;
    for await (const chunk of bytes as AsyncIterable<string>) {
      const texts = (rest + chunk).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) yield { text, number: (number += 1), whole: true };
    }
    if (rest !== '') yield { text: rest, number: number + 1, whole: false };
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/** The files, that whose first line is oldest first. @throws as `logLines` */
export async function sortedByAge(cwd: string, paths: readonly string[]): Promise<string[]> {
  const found: { path: string; since: string }[] = [];
  for (const path of new Set(paths)) {
    const lines = logLines(cwd, path);
    const first = await lines.next();
    await lines.return(undefined);
    const text = first.done === true ? '' : first.value.text;
    found.push({ path, since: /"timestamp":"([^"]{24})"/.exec(text)?.[1] ?? '' });
  }
  return found.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0)).map(({ path }) => path);
}
