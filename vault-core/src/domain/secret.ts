// A value that must not be printed. Everything that formats objects (template strings, JSON, util.inspect, console) sees
// `[redacted]`; `expose()` is the only way out.

const redacted = '[redacted]';
const brand = Symbol.for('zvault.secret');

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The value itself. Call it where the value leaves for its purpose, and nowhere else. */
  expose(): string {
    return this.#value;
  }

  /** Length in UTF-8 bytes: enough for limits and reports. */
  get sizeBytes(): number {
    return Buffer.byteLength(this.#value);
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.toPrimitive](): string {
    return redacted;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted;
  }
}

/** True for a `Secret` of any copy of this module. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
