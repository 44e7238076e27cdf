import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { parseDotenv } from './dotenv.ts';
import { isZvaultError } from './errors.ts';
import { Secret } from './secret.ts';

function pairs(input: string | Uint8Array): [string, string][] {
  return parseDotenv(input).entries.map(({ key, value }) => [key, value.expose()]);
}

test.each<[name: string, text: string, expected: string[]]>([
  ['nothing', '', []],
  ['blank lines and comments', '\n  \n# A=1\n\t# B=2\r\n', []],
  ['plain', 'A=1\nB=two words\n', ['A', '1', 'B', 'two words']],
  ['no line break at the end', 'A=1', ['A', '1']],
  ['whitespace around both parts', '  A \t=  1  \n', ['A', '1']],
  ['empty values', 'A=\nB=""\nC=\'\'\nD=``\nE=  \n', ['A', '', 'B', '', 'C', '', 'D', '', 'E', '']],
  ['equals signs', 'A=b=c\nB==\n', ['A', 'b=c', 'B', '=']],
  ['export', 'export A=1\n export\t B = 2\nexport=3\nexported=4', ['A', '1', 'B', '2', 'export', '3', 'exported', '4']],
  ['unusual names', 'a.b-c/1:ü$=1\n__proto__=2\n1=3', ['a.b-c/1:ü$', '1', '__proto__', '2', '1', '3']],
  ['no expansion', 'A=$B ${B} `x`\nC="$B"\nD=pa$$w', ['A', '$B ${B} `x`', 'C', '$B', 'D', 'pa$$w']],
  [
    'comment behind a bare value',
    'A=1 # one\nB=1\t#\nC=a#b\nD=#e\nE= # f',
    ['A', '1', 'B', '1', 'C', 'a#b', 'D', '#e', 'E', ''],
  ],
  ['comment behind quotes', 'A="1" # "one"\nB=\'#\'#x\nC=` # `', ['A', '1', 'B', '#', 'C', ' # ']],
  ['quotes inside a bare value', 'A=it\'s "so"\nB=a`b', ['A', 'it\'s "so"', 'B', 'a`b']],
  ['whitespace in quotes', 'A=" x "\nB=\'\tx\'', ['A', ' x ', 'B', '\tx']],
  ['escapes in double quotes', 'A="\\n\\r\\t\\"\\\\\\$\\`"', ['A', '\n\r\t"\\$`']],
  ['other backslashes in double quotes', 'A="\\d\\x41\\\\n\\\'"', ['A', "\\d\\x41\\n\\'"]],
  ['backslashes elsewhere', "A='\\n\\\\'\nB=`\\n`\nC=\\n", ['A', '\\n\\\\', 'B', '\\n', 'C', '\\n']],
  ['a backslash before the closing quote', 'A=\'C:\\\'\nB="C:\\\\"', ['A', 'C:\\', 'B', 'C:\\']],
  ['several lines', 'A="1\n2"\nB=\'\n3\n\'\nC=`4\n#5`\nD=6', ['A', '1\n2', 'B', '\n3\n', 'C', '4\n#5', 'D', '6']],
  ['other quotes inside', 'A="it\'s `x`"\nB=\'"\'\nC=`\'"`', ['A', "it's `x`", 'B', '"', 'C', '\'"']],
  ['unescaped quotes inside', 'A="{"a":"b"}"\nB=\'it\'s\'\nC="a"b', ['A', '{"a":"b"}', 'B', "it's", 'C', '"a"b']],
  ['unescaped quotes and #', 'A="a #1 "b" # c\nB="a #1 "b\nC=`a`b`', ['A', 'a #1 "b', 'B', '"a #1 "b', 'C', '`a`b`']],
  ['CRLF', 'A=1\r\n# c\r\nB="2"\r\nC="3\r\n4"\r\nD="5\\r\n"\r\n', ['A', '1', 'B', '2', 'C', '3\n4', 'D', '5\r\n']],
  ['CRLF in quotes in a file of LF', 'A="1\r\n2"\nB=\'3\r\'', ['A', '1\r\n2', 'B', '3\r']],
  ['CRLF in quotes at the end of a file of CRLF', 'A=1\r\nB="1\r\n2"', ['A', '1', 'B', '1\n2']],
  ['CRLF in quotes without any other line break', 'A="1\r\n2"', ['A', '1\r\n2']],
  ['a lone CR', 'A=1\r2\r\nB=3\r', ['A', '1\r2', 'B', '3']],
  ['BOM', '\ufeffA=1', ['A', '1']],
  ['Unicode', 'A=\u00a0é🔑\u3000\nB="\u00a0"', ['A', 'é🔑', 'B', '\u00a0']],
  ['duplicates', 'A=1\nA=2', ['A', '1', 'A', '2']],
])('reads %s', (_, text, expected) => {
  expect(pairs(text).flat()).toEqual(expected);
  expect(pairs(Buffer.from(text)).flat()).toEqual(expected);
});

test.each<[name: string, input: string | Uint8Array, message: string]>([
  ['a line that is no assignment', 'A=1\n\nhunter2\n', '.env:3: neither an assignment nor a comment'],
  ['YAML', 'A: hunter2', '.env:1: neither an assignment nor a comment'],
  ['an unquoted value of several lines', 'A=-----BEGIN\nhunter2', '.env:2: neither an assignment nor a comment'],
  ['no name', 'A=1\n =hunter2', '.env:2: no name before the ='],
  ['export without a name', 'export =hunter2', '.env:1: no name before the ='],
  ['whitespace in the name', 'set A=hunter2', '.env:1: whitespace, a quote or an invisible character in the name'],
  [
    'a control character in the name',
    'A\u001b=hunter2',
    '.env:1: whitespace, a quote or an invisible character in the name',
  ],
  ['a quoted name', '"A"=hunter2', '.env:1: whitespace, a quote or an invisible character in the name'],
  ['a BOM in the middle', 'A=1\n\ufeffB=hunter2', '.env:2: whitespace, a quote or an invisible character in the name'],
  ['an open double quote', 'A=1\nB="hunter2\nC=3\n', '.env:2: the quote that opens the value of B is not closed'],
  ['an open single quote', "A='hunter2", '.env:1: the quote that opens the value of A is not closed'],
  ['an open backtick', 'A=`hunter2', '.env:1: the quote that opens the value of A is not closed'],
  ['a lone quote', 'A="', '.env:1: the quote that opens the value of A is not closed'],
  [
    'a quote closed by the next entry',
    'A="hunter2\nB="3"\n',
    '.env:1: the quote that opens the value of A is not closed',
  ],
  ['an escaped closing quote', 'A="C:\\"\nB=1', '.env:1: the quote that opens the value of A is not closed'],
  ['NUL', 'A=1\nB=hunter2\0', '.env:2: a NUL character'],
  ['a lone surrogate', 'A="\n"\nB=hunter2\ud800', '.env:3: a lone surrogate'],
  ['bytes that are not UTF-8', Buffer.from('A=é\nB=hunter2\xff\n', 'latin1').subarray(3), '.env:2: not valid UTF-8'],
  ['a character cut off at the end', Buffer.from('A=é').subarray(0, 3), '.env:1: not valid UTF-8'],
  ['UTF-16', Buffer.from('\ufeffA=hunter2\n', 'utf16le'), '.env:1: not valid UTF-8'],
])('refuses %s', (_, input, message) => {
  let thrown: unknown;
  try {
    parseDotenv(input);
  } catch (error) {
    thrown = error;
  }
  expect(isZvaultError(thrown) && thrown).toMatchObject({ code: 'INPUT_INVALID', message });
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('hunter2');
});

test('reads a megabyte in one value, many values and many quotes', () => {
  const big = 'x"y#z\\ '.repeat(150_000);
  expect(pairs(`A='${big}'\nB=1`)[0]![1]).toBe(big);
  expect(pairs(`A=${'"\\ '.repeat(300_000).slice(1)}`)[0]![1]).toHaveLength(899_998);
  expect(pairs('A="x"y\n'.repeat(100_000))).toHaveLength(100_000);
  expect(() => parseDotenv(`A="${'\\"'.repeat(500_000)}`)).toThrow('not closed');
});

test('names the file that it was told', () => {
  expect(() => parseDotenv('x', { file: 'config/prod.env' })).toThrow('config/prod.env:1: ');
});

test('gives notice of what may have been meant differently', () => {
  const text = [
    'A=hunter2',
    'export B',
    'export C # as it is',
    'A="1',
    '2"',
    'A=3 # hunter2',
    'D="hunter2"hunter2',
    'E=hunter2\rhunter2',
    'F=zvault://env/app/F # a reference',
    'G="1" # one',
    '',
  ].join('\n');
  const { notices } = parseDotenv(text, { file: 'x.env' });
  expect(notices.map(({ kind, line, message }) => [kind, line, message])).toEqual([
    ['ignored', 2, 'x.env:2: export without a value is passed over'],
    ['ignored', 3, 'x.env:3: export without a value is passed over'],
    ['duplicate', 4, 'x.env:4: A is set again: the value of line 1 is not used'],
    ['duplicate', 6, 'x.env:6: A is set again: the value of line 4 is not used'],
    ['comment', 6, 'x.env:6: the text from # on is not part of the value of A; quote the value if it is meant to be'],
    ['quote', 7, 'x.env:7: the value of D has text behind its closing quote and is read with all its inner quotes'],
    ['carriage-return', 8, 'x.env:8: the value of E has a carriage return in it'],
  ]);
});

test('says where and how everything is written', () => {
  const document = parseDotenv('\ufeff# first\r\nA = 1 # one\r\nexport B="2\r\n3"\r\nC=\r\nD=\'4\'\r\nE=`5`');
  expect({ bom: document.bom, newline: document.newline }).toEqual({ bom: true, newline: '\r\n' });
  const text = document.toText().slice(1);
  const facts = document.entries.map((entry) => [
    entry.key,
    entry.line,
    entry.endLine,
    entry.quote,
    entry.exported,
    text.slice(entry.rawStart, entry.rawEnd),
  ]);
  expect(facts).toEqual([
    ['A', 2, 2, 'none', false, '1'],
    ['B', 3, 4, 'double', true, '"2\r\n3"'],
    ['C', 5, 5, 'none', false, ''],
    ['D', 6, 6, 'single', false, "'4'"],
    ['E', 7, 7, 'backtick', false, '`5`'],
  ]);
});

test('the last line of a name wins, whatever the name', () => {
  const values = parseDotenv('__proto__=1\nA=1\nconstructor=2\nA=3\n').values();
  expect([...values].map(([key, value]) => [key, value.expose()])).toEqual([
    ['__proto__', '1'],
    ['A', '3'],
    ['constructor', '2'],
  ]);
});

test('what a document prints as holds no value', () => {
  const document = parseDotenv('A=hunter2 # hunter2\n# hunter2');
  expect(inspect(document, { depth: 9, showHidden: true }) + JSON.stringify(document)).not.toContain('hunter2');
});

test('replaces values in place and leaves everything else', () => {
  const text = '\ufeff# c\r\n  export A = "1\r\n2"  # d\r\nB=\r\nC= # e\r\n\r\nA=3\r\nD=4';
  const document = parseDotenv(text).withValues(({ key }) =>
    key === 'A' ? new Secret('zvault://env/app/A') : key === 'D' ? undefined : "it's\n#",
  );
  expect(document.toText()).toBe(
    '\ufeff# c\r\n  export A = zvault://env/app/A  # d\r\nB="it\'s\r\n#"\r\nC="it\'s\r\n#" # e\r\n\r\nA=zvault://env/app/A\r\nD=4',
  );
  expect(document.entries.map(({ value }) => value.expose())).toEqual([
    'zvault://env/app/A',
    "it's\n#",
    "it's\n#",
    'zvault://env/app/A',
    '4',
  ]);
});

test('keeps a comment that follows a closing quote directly out of the new value', () => {
  const document = parseDotenv(`A=""#c\nB='1'#c\nC="2" #c`).withValues(({ key }) => (key === 'A' ? '' : 'x'));
  expect(document.toText()).toBe(`A=''#c\nB='x'#c\nC=x #c`);
});

test('refuses to put in what can not be written', () => {
  expect(() => parseDotenv('A=1').withValues(() => 'x\0')).toThrow('the value of "A"');
});
