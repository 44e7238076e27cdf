// The contents of changed files, out of a patch that git writes with all lines of each file. One process gives the list of a stage and
// its contents: to start a second one takes as long as all else that a hook does.

/** What git must be told, so that such a patch can be read: each file whole, as text, under its full object id, as git itself would have it. */
export const wholeFilePatch = [
  '--patch',
  // More lines than fit in what is read; the double of it fits in 32 bits.
  '--unified=1000000000',
  '--full-index',
  '--text',
  '--no-textconv',
  '--no-color',
  '--submodule=short',
] as const;

/**
 * Contents, one byte a character, by the id of their object: each exactly as the object has it. What only the object itself can tell
 * is not among them (only the mode was changed).
 * @param patch the same, from the first `diff --git` on
 */
export function readContents(patch: string): Map<string, string> {
  const contents = new Map<string, string>();
  let start = patch.startsWith('diff --git ') ? 0 : patch.length;
  while (start < patch.length) {
    // Each line of a content follows a blank, a sign or a backslash, and names with line feeds are quoted.
    const next = patch.indexOf('\ndiff --git ', start);
    const end = next === -1 ? patch.length : next + 1;
    readSection(patch.slice(start, end), contents);
    start = end;
  }
  return contents;
}

function readSection(section: string, contents: Map<string, string>): void {
  const hunk = section.indexOf('\n@@ ');
  const index = section.indexOf('\nindex ');
  if (index === -1 || (hunk !== -1 && hunk < index)) return;
  const [before = '', after = ''] =
    lineAt(section, index + 7)
      .split(' ')[0]
      ?.split('..') ?? [];
  if (hunk === -1) {
    if (before === '0'.repeat(after.length)) contents.set(after, '');
    return;
  }
  const header = lineAt(section, hunk + 1);
  const body = section.slice(hunk + 1 + header.length);
  // With all lines there is one hunk, which begins at the first.
  const [from] = header.split(' ')[2]?.split(',') ?? [];
  if ((from === '+1' || from === '+0') && !body.includes('\n@@ ')) contents.set(after, newSide(body));
}

function lineAt(text: string, at: number): string {
  return text.slice(at, text.indexOf('\n', at));
}

/** A line that is taken out, with what says that it has no line feed; the sign before any other; and the same of the last one. */
const signs = /(?<=\n)(?:-[^\n]*\n(?:\\[^\n]*\n)?|[ +])|\n\\[^\n]*\n$/g;

/** @param body a line feed, then the lines of the hunk */
function newSide(body: string): string {
  return body.replace(signs, '').slice(1);
}
