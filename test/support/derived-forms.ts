// The forms in which a value may show up, made without the code under test: what a log must not hold.

const wrap = (text: string, width: number): string[] => text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const escapeData = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      /[\w.~-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`,
    )
    .join('');

/**
 * `prints`: what a program writes; `leaks`: texts of which none may be left in the log afterwards. Of base64 in the middle of other text
 * only whole groups count, without those at the edges.
 */
export function derivedForms(
  value: string,
): { readonly name: string; readonly prints: string; readonly leaks: string[] }[] {
  const bytes = Buffer.from(value);
  const lines = value
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= 4);
  const at = (offset: number): { prints: string; leak: string } => {
    const prints = Buffer.concat([Buffer.alloc(offset, '~'), bytes, Buffer.from('~~~~')]).toString('base64');
    const first = Math.ceil(offset / 3) * 4;
    const groups = Math.floor((bytes.length - ((3 - offset) % 3)) / 3) * 4;
    return { prints, leak: prints.slice(first, first + groups) };
  };
  const whole = bytes.toString('base64');
  const forms = [
    { name: 'plain', prints: value, leaks: lines },
    ...[0, 1, 2].flatMap((offset) => {
      const { prints, leak } = at(offset);
      return [
        { name: `base64 at offset ${offset}`, prints, leaks: [leak] },
        { name: `base64url at offset ${offset}`, prints: urlSafe(prints), leaks: [urlSafe(leak)] },
      ];
    }),
    {
      name: 'base64 with a line break',
      prints: Buffer.from(`${value}\n`).toString('base64'),
      leaks: [whole.slice(0, Math.floor(bytes.length / 3) * 4)],
    },
    ...[64, 76].map((width) => ({
      name: `base64 wrapped at ${width}`,
      prints: wrap(whole, width).join('\n'),
      leaks: wrap(whole, width)
        .filter((line) => line.length >= 12)
        .map((line) => line.slice(0, -4)),
    })),
    { name: 'hex', prints: bytes.toString('hex'), leaks: [bytes.toString('hex')] },
    { name: 'HEX', prints: bytes.toString('hex').toUpperCase(), leaks: [bytes.toString('hex').toUpperCase()] },
    { name: 'encodeURIComponent', prints: encodeURIComponent(value), leaks: lines.map(encodeURIComponent) },
    { name: 'EscapeDataString', prints: escapeData(value), leaks: lines.map(escapeData) },
    { name: 'JSON', prints: JSON.stringify(value), leaks: lines.map(json) },
    {
      name: 'JSON in JSON',
      prints: JSON.stringify(JSON.stringify(value)),
      leaks: lines.map((line) => json(json(line))),
    },
  ];
  return forms.map((form) => ({ ...form, leaks: form.leaks.filter((leak) => leak.length >= 4) }));
}
