// JSON as `JSON.stringify(value, undefined, 2)` writes it, in pieces: of a report of 50,000 findings the whole text would be 100 MB.

/** A long list, of which each item is made when it is written. */
export class LongList<T> {
  readonly #items: readonly T[];
  readonly #jsonOf: (item: T) => object;

  constructor(items: readonly T[], jsonOf: (item: T) => object) {
    this.#items = items;
    this.#jsonOf = jsonOf;
  }

  *pieces(newLine: string): Iterable<string> {
    if (this.#items.length === 0) return yield '[]';
    let before = `[${newLine}  `;
    for (const item of this.#items) {
      yield before + indented(this.#jsonOf(item), `${newLine}  `);
      before = `,${newLine}  `;
    }
    yield `${newLine}]`;
  }
}

/** The text of a value; a `LongList` may stand in its objects and arrays. @param newLine what begins a line */
export function* jsonText(value: unknown, newLine = '\n'): Iterable<string> {
  if (value instanceof LongList) return yield* value.pieces(newLine);
  if (typeof value !== 'object' || value === null || !holdsList(value)) return yield indented(value, newLine);
  const isArray = Array.isArray(value);
  let before = `${isArray ? '[' : '{'}${newLine}  `;
  for (const [key, part] of Object.entries(value)) {
    yield isArray ? before : `${before}${JSON.stringify(key)}: `;
    yield* jsonText(part, `${newLine}  `);
    before = `,${newLine}  `;
  }
  yield `${newLine}${isArray ? ']' : '}'}`;
}

function holdsList(value: object): boolean {
  return Object.values(value).some(
    (part) => part instanceof LongList || (typeof part === 'object' && part !== null && holdsList(part as object)),
  );
}

function indented(value: unknown, newLine: string): string {
  return JSON.stringify(value, undefined, 2).replaceAll('\n', newLine);
}
