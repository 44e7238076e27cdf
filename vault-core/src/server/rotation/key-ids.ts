// Finds the ids of keys anywhere in stored bytes, whatever the form: 16 random bytes stand nowhere by chance.

export class KeyIds {
  readonly #ids: readonly { readonly id: string; readonly bytes: Buffer }[];
  readonly #heads: ReadonlySet<number>;

  constructor(ids: readonly string[]) {
    this.#ids = ids.map((id) => ({ id, bytes: Buffer.from(id.replaceAll('-', ''), 'hex') }));
    this.#heads = new Set(this.#ids.map(({ bytes }) => bytes.readUInt32LE(0)));
  }

  /** An id of the list that stands in the value. */
  find(value: Buffer): string | undefined {
    if (value.length < 16 || this.#ids.length === 0) return undefined;
    // A few are found fastest one by one; for many, each place of the value is looked at once.
    if (this.#ids.length <= 8) return this.#ids.find(({ bytes }) => value.includes(bytes))?.id;
    for (let at = 0; at + 16 <= value.length; at += 1) {
      if (!this.#heads.has(value.readUInt32LE(at))) continue;
      const found = this.#ids.find(({ bytes }) => value.compare(bytes, 0, 16, at, at + 16) === 0);
      if (found) return found.id;
    }
    return undefined;
  }
}
