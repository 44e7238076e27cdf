// JSON objects out of tokens. `JSON.parse` lets the last of two equal members win; another parser may take the first, and
// two readers of one signed text must not differ about who it speaks of.

// A string with the colon that makes it a member's name, or a bracket. Only texts that JSON.parse took are searched with it.
const structure = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/**
 * The members of a JSON object, on an object without prototype: a name that is absent is `undefined`, whatever it is.
 * `undefined` when the text is no JSON object, or any object in it names a member twice.
 * Source: RFC 7515 §4, RFC 7519 §4 (names must be unique)
 */
export function parseUniqueObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || repeatsName(text)) return undefined;
  return Object.freeze(Object.assign(Object.create(null) as Record<string, unknown>, value));
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function repeatsName(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [bracket, string, colon] of json.matchAll(structure)) {
    if (bracket === '{' || bracket === '[') {
      open.push(new Set());
    } else if (bracket === '}' || bracket === ']') {
      open.pop();
    } else if (string !== undefined && colon !== undefined) {
      // `\u0069ss` is `iss`.
      const name = string.includes('\\') ? (JSON.parse(string) as string) : string.slice(1, -1);
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}
