import { createHash, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { Folder, scanIn } from '../../test/run.ts';
import { crcToken } from '../../test/secrets.ts';
import { compileIgnore } from './glob.ts';
import { goToJs } from './go-regexp.ts';

const token = (): string => crcToken((limit) => randomInt(limit), 'ghp_');
const rulesOf = (out: string): string[] =>
  (JSON.parse(out) as { findings: { rule: string }[] }).findings.map((finding) => finding.rule);

const full = `disable = ["github-pat"]
exclude = ["vendor/", "*.lock"]
max_file_size = "2 MB"
profile = "default"

[[rules]]
id = "acme-token"
title = "ACME token"
severity = "critical"
keywords = ["acme_"]
pattern = 'acme_([a-z0-9]{16})'
entropy = 2.5
allow = { values = ["^0000"], paths = ["^docs/"] }
`;

test('the configuration is read: disabled rules, excluded paths, own rules', async () => {
  using folder = new Folder();
  folder
    .write('.zvault-scan.toml', full)
    .write('a.txt', `${token()}\nacme_q7w3e9r1t5y2u8i4\n`)
    .write('vendor/b.txt', 'acme_q7w3e9r1t5y2u8i4\n')
    .write('docs/c.txt', 'acme_q7w3e9r1t5y2u8i4\n');
  const { status, out } = await scanIn(folder.path, ['.', '--json']);
  expect(status).toBe(7);
  expect(JSON.parse(out)).toMatchObject({
    findings: [{ rule: 'acme-token', severity: 'critical', file: 'a.txt', line: 2, column: 6 }],
  });
});

test('the published schema accepts what we accept', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../schemas/zvault-scan.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const validate = new Ajv({ strict: false }).compile(schema);
  expect(validate(parse(full)), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ disable: 3 })).toBe(false);
  expect(validate({ unknown: true })).toBe(false);
});

test.each([
  'disable = "x"',
  'unknown = 1',
  'profile = "loud"',
  '[[rules]]\nid = "x"',
  '[[rules]]\nid = "x"\npattern = "("',
  'disable = ["no-such-rule"]',
  'max_file_size = "much"',
  'a = = b',
])('broken: %s', async (text) => {
  using folder = new Folder();
  folder.write('.zvault-scan.toml', `${text}\n`);
  const { status, err } = await scanIn(folder.path, ['.']);
  expect(status).toBe(2);
  expect(err).toContain('CONFIG_INVALID');
});

test("a user's findings have their own lines, in whatever order they are met", async () => {
  using folder = new Folder();
  folder
    .write('.zvault-scan.toml', "[[rules]]\nid = 'acme'\npattern = 'acme_[0-9]{8}'\n")
    .write('a.txt', `x acme_12345678\n\nkey ${token()}\n\nacme_87654321\n`);
  const { out } = await scanIn(folder.path, ['a.txt', '--json']);
  const { findings } = JSON.parse(out) as { findings: { rule: string; line: number; column: number }[] };
  expect(findings.map(({ rule, line, column }) => `${rule} ${line}:${column}`)).toEqual([
    'acme 1:3',
    'github-pat 3:5',
    'acme 5:1',
  ]);
});

test("a user's pattern that takes for ever is stopped and named", async () => {
  using folder = new Folder();
  folder
    .write('.zvault-scan.toml', "[[rules]]\nid = 'slow'\npattern = '(a+)+$'\n")
    .write('a.txt', `${'a'.repeat(40)}!`);
  const { status, err } = await scanIn(folder.path, ['a.txt', '--strict']);
  expect(status).toBe(6);
  expect(err).toContain('"slow" took too long');
});

test("gitleaks' configuration and ignore file are read", async () => {
  using folder = new Folder();
  folder
    .write(
      '.gitleaks.toml',
      `title = "x"\n[[rules]]\nid = "acme"\ndescription = "ACME"\nregex = '''(?i)acme_([[:alnum:]]{16})\\b'''\nkeywords = ["acme_"]\nsecretGroup = 1\n[[allowlists]]\npaths = ['''^skipped/''']\n[[allowlists]]\nstopwords = ["zzz9"]\n`,
    )
    .write('.gitleaksignore', '# comment\nb.txt:github-pat:1\n')
    .write('a.txt', 'ACME_q7w3e9r1t5y2u8i4 acme_zzz9e9r1t5y2u8i4\n')
    .write('skipped/a.txt', `${token()}\n`)
    .write('b.txt', `${token()}\n${token()}\n`);
  const { out } = await scanIn(folder.path, ['.', '--json']);
  expect(rulesOf(out)).toEqual(['acme', 'github-pat']);
});

test.each([
  ['(?i)abc', 'i', 'ABC'],
  ['x(?i)abc', '', 'xABC'],
  ['[[:digit:]]+\\z', '', 'a12'],
  ['(?P<name>a)b', '', 'ab'],
  ['(?:a(?i)b|c)d', '', 'aBd'],
])('Go: %s', (pattern, flags, text) => {
  const converted = goToJs(pattern, 'test');
  expect(converted.flags).toBe(flags);
  expect(new RegExp(converted.source, converted.flags).test(text)).toBe(true);
});

test("gitleaks' and detect-secrets' baselines are imported", async () => {
  using folder = new Folder();
  const [one, two, three] = [token(), token(), token()];
  folder.write('a.txt', `${one}\n${two}\n${three}\n`);
  folder.write(
    'gitleaks.json',
    JSON.stringify([
      { RuleID: 'github-pat', File: 'a.txt', StartLine: 1, Secret: one },
      { RuleID: 'x', File: 'a.txt', StartLine: 3, Secret: 'REDACTED' },
    ]),
  );
  folder.write(
    'detect.json',
    JSON.stringify({
      version: '1.5.0',
      results: {
        'a.txt': [{ type: 'x', hashed_secret: createHash('sha1').update(two).digest('hex'), line_number: 2 }],
      },
    }),
  );
  const lines = async (baseline: string) =>
    (
      JSON.parse((await scanIn(folder.path, ['a.txt', '--json', '--baseline', baseline])).out) as {
        findings: { line: number }[];
      }
    ).findings.map((finding) => finding.line);
  expect(await lines('gitleaks.json')).toEqual([2]);
  expect(await lines('detect.json')).toEqual([1, 3]);
  folder.write('bad.json', '{}');
  expect((await scanIn(folder.path, ['a.txt', '--baseline', 'bad.json'])).status).toBe(2);
});

test.each([
  [['*.log'], 'a/b.log', true],
  [['/top'], 'a/top', false],
  [['build/'], 'x/build/', true],
  [['a/**/z'], 'a/b/c/z', true],
  [['*.log', '!keep.log'], 'keep.log', false],
  [['[ab].txt'], 'c.txt', false],
  [['# x', ''], '# x', false],
])('ignore %j: %s', (patterns, path, ignored) => {
  expect(compileIgnore(patterns)(path)).toBe(ignored);
});

function zip(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  return Buffer.concat([local, Buffer.from(name), packed, central, Buffer.from(name), end]);
}

function tar(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  header.write('ustar', 257);
  return Buffer.concat([header, content, Buffer.alloc(512 - (content.length % 512)), Buffer.alloc(1024)]);
}

test('--deep looks into zip, tar, gzip and tar.gz; a damaged archive is named', async () => {
  using folder = new Folder();
  const text = Buffer.from(`key ${token()}\n`);
  folder
    .write('a.zip', zip('in/x.txt', text))
    .write('b.tar', tar('y.txt', text))
    .write('c.gz', gzipSync(text))
    .write('d.tar.gz', gzipSync(tar('z.txt', text)))
    .write('e.zip', zip('x', text).subarray(0, 60));
  expect(rulesOf((await scanIn(folder.path, ['c.gz', 'a.zip', '--json'])).out)).toEqual([]);
  const { out, err } = await scanIn(folder.path, ['.', '--deep', '--json']);
  expect((JSON.parse(out) as { findings: { file: string }[] }).findings.map((finding) => finding.file)).toEqual([
    'a.zip!in/x.txt',
    'b.tar!y.txt',
    'c.gz!content',
    'd.tar.gz!z.txt',
  ]);
  expect(err).toContain('"e.zip"');
});
