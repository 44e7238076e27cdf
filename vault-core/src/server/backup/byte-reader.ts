// So many bytes at a time from a stream of buffers of any size.

export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  readonly #end: () => Error;
  #rest: Buffer = Buffer.alloc(0);

  /** `end` makes the error for a stream that ends within what is read. */
  constructor(source: AsyncIterable<Buffer>, end: () => Error) {
    this.#source = source[Symbol.asyncIterator]();
    this.#end = end;
  }

  async read(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = length;
    for (;;) {
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
      if (missing === 0) return parts.length === 1 ? part : Buffer.concat(parts, length);
      if (!(await this.#more())) throw this.#end();
    }
  }

  /** True when nothing follows. */
  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0) if (!(await this.#more())) return true;
    return false;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done) return false;
    this.#rest = value;
    return true;
  }
}
