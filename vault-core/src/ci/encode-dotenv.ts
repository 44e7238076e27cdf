// A .env file that Node's parser and ours read alike. The two differ in escapes, so that some values have no way at all; then the whole
// file is refused.

import { parseEnv } from 'node:util';
import { parseDotenv } from '../domain/dotenv.ts';
import type { Pair } from './encode.ts';
import { ciError } from './errors.ts';
import { list } from './names.ts';

/** @throws ZVCI-135 naming every value that the two would not read alike */
export function encodeDotenv(pairs: readonly Pair[]): string {
  const refused: string[] = [];
  let text = '';
  for (const { name, value } of pairs) {
    const entry = [value, `'${value}'`, `"${value}"`, `\`${value}\``]
      .filter((written, index) => index > 0 || /^[\w./:@%+,=-]*$/.test(written))
      .map((written) => `${name}=${written}\n`)
      .find((candidate) => readsAs(candidate, [{ name, value }]));
    if (entry === undefined) refused.push(name);
    else text += entry;
  }
  if (refused.length > 0)
    throw ciError('ZVCI-135', `no .env file can hold the value of ${list(refused)} for every reader`);
  // One entry alone may read well and yet change what follows it.
  if (!readsAs(text, pairs)) throw ciError('ZVCI-135', 'no .env file can hold these values together for every reader');
  return text;
}

function readsAs(text: string, pairs: readonly Pair[]): boolean {
  const node = new Map(Object.entries(parseEnv(text)));
  let ours: Map<string, string>;
  try {
    ours = new Map(
      parseDotenv(Buffer.from(text), { file: 'env' }).entries.map(({ key, value }) => [key, value.expose()]),
    );
  } catch {
    return false;
  }
  const last = new Map(pairs.map(({ name, value }) => [name, value]));
  return [node, ours].every(
    (read) => read.size === last.size && [...last].every(([name, value]) => read.get(name) === value),
  );
}
