// Takes secret values out of everything that is about to be shown: whole messages, and streams such as the output of a child.
// It is a second line of defence. Values shorter than the limits of redact-forms.ts, and encodings not listed there, pass.

import { Transform } from 'node:stream';
import { compileMatcher, type Matcher } from './matcher.ts';
import { minPatternBytes } from './prefix-index.ts';
import { findRuns, redactionMark, RedactionStream } from './redaction-stream.ts';
import { isRedactable, redactedForms } from './redact-forms.ts';
import type { Secret } from './secret.ts';

export { redactionMark, type RedactionStream } from './redaction-stream.ts';

export class Redactor {
  /** The values by a hash of them, so that adding a value again costs next to nothing. */
  readonly #values = new Map<number, Buffer[]>();
  /** Added since the last look at a text. */
  #pending: Buffer[] = [];
  /** The same, of texts that stand for themselves. */
  #texts: Buffer[] = [];
  /** Compiled forms of all other values, each layer several times the size of the next. */
  #layers: Matcher[] = [];
  #clearings = 0;

  /** Registers a value, at any time. Answers whether it will be redacted (`isRedactable`). */
  add(value: string | Secret): boolean {
    const text = typeof value === 'string' ? value : value.expose();
    if (!isRedactable(text)) return false;
    const bytes = Buffer.from(text);
    const hash = hashOf(bytes);
    const alike = this.#values.get(hash) ?? [];
    if (alike.some((other) => other.equals(bytes))) return true;
    this.#values.set(hash, [...alike, bytes]);
    this.#pending.push(bytes);
    return true;
  }

  /**
   * Registers a text as it is, whatever it says: for values that `add` takes for words, where somebody has decided that they are
   * secrets. Answers false for a text of fewer bytes than a pattern can have.
   */
  addText(text: string): boolean {
    const bytes = Buffer.from(text);
    if (bytes.length < minPatternBytes) return false;
    this.#texts.push(bytes);
    return true;
  }

  /** The message without the values; the same string if there is none in it. Cut a long message after this, not before. */
  redact(text: string): string {
    if (this.#values.size === 0 && this.#texts.length === 0 && this.#layers.length === 0) return text;
    const bytes = Buffer.from(text);
    const { runs } = findRuns(this.#compiled(), bytes, true);
    if (runs.length === 0) return text;
    let redacted = '';
    let at = 0;
    for (const { start, end } of runs) {
      redacted += bytes.toString('utf8', at, start) + redactionMark;
      at = end;
    }
    return redacted + bytes.toString('utf8', at);
  }

  /** A redaction of one stream of bytes; any number can be open. Values added later apply to what has not been returned yet. */
  createStream(): RedactionStream {
    return new RedactionStream(
      () => this.#compiled(),
      () => this.#clearings,
    );
  }

  /** The same as a transform stream of bytes. */
  createTransform(): Transform {
    const stream = this.createStream();
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        this.push(stream.write(chunk));
        done();
      },
      flush(done) {
        this.push(stream.flush());
        done();
      },
    });
  }

  /** Forgets all values and overwrites the memory they were in. */
  clear(): void {
    for (const bytes of [...this.#values.values(), this.#texts].flat()) bytes.fill(0);
    for (const layer of this.#layers) layer.clear();
    this.#values.clear();
    this.#pending = [];
    this.#texts = [];
    this.#layers = [];
    this.#clearings += 1;
  }

  /**
   * Compiles what is pending together with the layers that are not much larger: the cost of compiling n values one by one
   * stays near n·log n, and the number of layers near log n.
   */
  #compiled(): readonly Matcher[] {
    if (this.#pending.length === 0 && this.#texts.length === 0) return this.#layers;
    const forms = [...this.#pending.flatMap((value) => redactedForms(value.toString())), ...this.#texts];
    this.#pending = [];
    this.#texts = [];
    const patterns: Uint8Array[] = [...forms];
    const merged: Matcher[] = [];
    while (this.#layers.length > 0 && this.#layers.at(-1)!.size < 4 * patterns.length) {
      const layer = this.#layers.pop()!;
      for (const pattern of layer.patterns()) patterns.push(pattern);
      merged.push(layer);
    }
    this.#layers.push(compileMatcher(patterns));
    for (const form of forms) form.fill(0);
    for (const layer of merged) layer.clear();
    return this.#layers;
  }
}

/** FNV-1a. It only has to tell values apart cheaply; equality decides. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
