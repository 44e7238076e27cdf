// Names come from servers and files. A terminal must not obey what is written in them.

// C0, DEL and C1 controls; line and paragraph separators; the marks that turn the direction of writing.
const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** The text with every character that a terminal would act on written as an escape (`\n`, `\x1b`, `\u202e`). */
export function terminalText(text: string): string {
  return text.toWellFormed().replaceAll(harmful, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}
