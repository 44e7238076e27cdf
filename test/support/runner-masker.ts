// GitHub's masker, written from its documented behaviour: every registered value and line of it, in the encodings that the runner makes.
//
// Source: actions/runner, src/Sdk/DTLogging/Logging/{SecretMasker,ValueEncoders}.cs, HostContext.cs, ActionCommandManager.cs.

const base64 = (bytes: Buffer): string => bytes.toString('base64');
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
/** .NET's Uri.EscapeDataString: all but RFC 3986's unreserved characters. */
const uri = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
const xmlNames: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
};

const encoders: readonly ((value: string) => string)[] = [
  (value) => base64(Buffer.from(value)),
  (value) => shifted(value, 1),
  (value) => shifted(value, 2),
  (value) => value.replaceAll("'", "''"),
  json,
  uri,
  (value) => value.replace(/[<>"'&]/g, (sign) => xmlNames[sign]!),
  (value) => (value.length > 8 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : ''),
];

function shifted(value: string, by: number): string {
  const bytes = Buffer.from(value);
  return base64(bytes.length > by ? bytes.subarray(by) : bytes);
}

export class RunnerMasker {
  readonly #texts = new Set<string>();
  readonly #registered = new Set<string>();

  /** The data of an `add-mask` command. */
  addMask(data: string): void {
    if (data.trim() === '') return;
    this.#add(data);
    for (const line of data.split(/[\r\n]+/)) this.#add(line.trim());
  }

  /** Texts that are looked for in each line. */
  get size(): number {
    return this.#texts.size;
  }

  #add(value: string): void {
    if (value === '' || this.#registered.has(value)) return;
    this.#registered.add(value);
    this.#texts.add(value);
    for (const encode of encoders) {
      const text = encode(value);
      if (text !== '') this.#texts.add(text);
    }
  }

  mask(line: string): string {
    const places: [start: number, end: number][] = [];
    for (const text of this.#texts) {
      for (let at = line.indexOf(text); at !== -1; at = line.indexOf(text, at + 1)) places.push([at, at + text.length]);
    }
    if (places.length === 0) return line;
    places.sort((a, b) => a[0] - b[0]);
    let masked = '';
    let at = 0;
    let index = 0;
    while (index < places.length) {
      const [start] = places[index]!;
      let end = places[index]![1];
      while (index < places.length && places[index]![0] <= end) end = Math.max(end, places[index++]![1]);
      masked += `${line.slice(at, start)}***`;
      at = end;
    }
    return masked + line.slice(at);
  }
}
