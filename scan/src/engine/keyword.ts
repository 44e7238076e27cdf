// Keywords as rules write them: plain text, or with one class of characters at either end, `["'=]SK[0-9a-f]`.

const withClass = /^(?:\[((?:[^\]\\]|\\.)+)\])?([^[\]]*)(?:\[((?:[^\]\\]|\\.)+)\])?$/;

/** All texts that a keyword stands for, in lower case and without duplicates. */
export function expandKeyword(keyword: string): string[] {
  const parts = withClass.exec(keyword);
  if (parts === null) return [keyword.toLowerCase()];
  const [, first, middle = '', last] = parts;
  const texts = new Set<string>();
  for (const head of charactersOf(first)) {
    for (const tail of charactersOf(last)) texts.add((head + middle + tail).toLowerCase());
  }
  return [...texts];
}

/** The part of a keyword outside of its classes. */
export function plainKeyword(keyword: string): string {
  return withClass.exec(keyword)?.[2] ?? keyword;
}

/** The characters of a class, of which `content` is what stands between the brackets; the empty text where there is none. */
export function charactersOf(content: string | undefined): string[] {
  if (content === undefined) return [''];
  const characters: string[] = [];
  for (let i = 0; i < content.length; i++) {
    if (content[i] === '\\') i += 1;
    const letter = content[i] ?? '';
    const last = content[i + 2];
    if (content[i + 1] === '-' && last !== undefined) {
      for (let code = letter.charCodeAt(0); code <= last.charCodeAt(0); code++)
        characters.push(String.fromCharCode(code));
      i += 2;
    } else characters.push(letter);
  }
  return characters;
}
