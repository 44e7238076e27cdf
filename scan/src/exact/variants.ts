// The forms in which a value leaks: verbatim, in Base64 at each alignment, percent-encoded, in hex, escaped for JSON or XML, and
// line by line where it has several.

export interface Variant {
  readonly bytes: Buffer;
  /** Absent for the value itself. */
  readonly encoding?: string;
  /** A piece of the value: a finding joins the pieces that follow it. */
  readonly part?: true;
}

/** Lines of a longer value that are looked for on their own, in bytes. */
const minPartBytes = 20;
/** The shortest form: below, it would be met by chance. */
const minFormBytes = 8;

/** All forms of the value, without duplicates. */
export function variantsOf(value: string): Variant[] {
  const core = value.trim();
  const seen = new Set<string>();
  const variants: Variant[] = [];
  const add = (form: Buffer | string, encoding?: string, part?: true): void => {
    const bytes = typeof form === 'string' ? Buffer.from(form) : form;
    const key = bytes.toString('latin1');
    if (bytes.length < minFormBytes || seen.has(key)) return;
    seen.add(key);
    variants.push({ bytes, ...(encoding === undefined ? {} : { encoding }), ...(part === undefined ? {} : { part }) });
  };
  const bytes = Buffer.from(core);
  add(bytes);
  if (core.includes('\n')) add(core.replace(/\r?\n/g, '\r\n'));
  for (let shift = 0; shift < 3; shift++) {
    const standard = base64At(bytes, shift);
    add(standard, 'base64');
    add(standard.replaceAll('+', '-').replaceAll('/', '_'), 'base64url');
  }
  for (const form of percentForms(core)) add(form, 'url');
  const hex = bytes.toString('hex');
  add(hex, 'hex');
  add(hex.toUpperCase(), 'hex');
  const json = JSON.stringify(core).slice(1, -1);
  add(json, 'json');
  add(json.replaceAll('/', '\\/'), 'json');
  add(
    json.replace(/[^\x00-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
    'json',
  );
  add(core.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'), 'xml');
  const lines = core.split(/\r?\n/);
  if (lines.length > 1) {
    for (const line of lines) {
      const text = line.trim();
      if (Buffer.byteLength(text) >= minPartBytes && !/^-----|^[A-Za-z]+(?: [A-Za-z]+)*$/.test(text))
        add(text, 'part', true);
    }
  }
  return variants;
}

/** As browsers write it, and as RFC 3986 has it, where only letters, digits and `-._~` stay; digits of both cases; and a whole URL. */
function* percentForms(text: string): Iterable<string> {
  const browsers = encodeURIComponent(text);
  const strict = browsers.replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  for (const form of [browsers, strict, encodeURI(text)]) {
    const lower = form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    yield form;
    yield lower;
    yield form.replaceAll('%20', '+');
    yield lower.replaceAll('%20', '+');
  }
}

/** The characters of the value's Base64 that do not depend on what stands around it. */
function base64At(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 8) / 6));
}
