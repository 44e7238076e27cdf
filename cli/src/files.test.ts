import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Secret } from '@zvault/core/domain';
import { expect, test } from 'vitest';
import { fakeContext } from '../test/fake-context.ts';
import { isLoopbackAddress, normalizeAddress } from './address.ts';
import { readIgnoreFile, withIgnored } from './gitignore.ts';
import { decodeText, readInput } from './input.ts';
import { readSavedToken, removeSavedToken, saveToken, savedAddresses } from './saved-tokens.ts';
import { privateMode, stageFile, writeFileAtomic } from './staged-file.ts';

test('a staged file appears when it is committed, with its mode, and leaves nothing when it is not', () => {
  using context = fakeContext();
  const path = join(context.folder, 'values');
  const staged = stageFile(context.host, path, 'one', { mode: privateMode });
  expect(existsSync(path)).toBe(false);
  staged.commit();
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  stageFile(context.host, path, 'two').discard();
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(readdirSync(context.folder)).toEqual(['values']);
});

test('a replaced file keeps its mode', () => {
  using context = fakeContext();
  const path = join(context.folder, 'file');
  writeFileSync(path, 'old');
  chmodSync(path, 0o640);
  writeFileAtomic(context.host, path, 'new');
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('a link that stands in the place of a file with values is replaced, not followed', () => {
  using context = fakeContext();
  const target = join(context.folder, 'target');
  writeFileSync(target, 'untouched');
  symlinkSync(target, join(context.folder, 'link'));
  writeFileAtomic(context.host, join(context.folder, 'link'), 'value', { mode: privateMode });
  expect(readFileSync(target, 'utf8')).toBe('untouched');
});

test.each([
  { place: 'missing/file', code: 'NOT_FOUND' },
  { place: 'file/below', code: 'INPUT_INVALID' },
])('a file that cannot be written is an error with its name: $place', ({ place, code }) => {
  using context = fakeContext();
  writeFileSync(join(context.folder, 'file'), '');
  expect(() => writeFileAtomic(context.host, join(context.folder, place), 'x')).toThrow(
    expect.objectContaining({ code }),
  );
});

test('a token is saved for one address, for its owner alone', () => {
  using context = fakeContext();
  const { host } = context;
  const path = saveToken(host, 'https://vault.example.com/a', new Secret('zvt_saved'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(context.folder, '.zvault')).mode & 0o777).toBe(0o700);
  expect(readSavedToken(host, 'https://vault.example.com/a')?.expose()).toBe('zvt_saved');
  expect(readSavedToken(host, 'https://vault.example.com')).toBeUndefined();
  expect(savedAddresses(host)).toEqual(['https://vault.example.com/a']);
  expect(removeSavedToken(host, 'https://vault.example.com/a')).toBe(true);
  expect(removeSavedToken(host, 'https://vault.example.com/a')).toBe(false);
});

test('a folder that others could enter is closed, a token that others could read is not used', () => {
  using context = fakeContext();
  mkdirSync(join(context.folder, '.zvault'), { mode: 0o755 });
  const path = saveToken(context.host, 'https://a', new Secret('t'));
  expect(statSync(join(context.folder, '.zvault')).mode & 0o777).toBe(0o700);
  chmodSync(path, 0o644);
  expect(() => readSavedToken(context.host, 'https://a')).toThrow(expect.objectContaining({ code: 'TOKEN_INSECURE' }));
});

const ignores = [
  { name: 'no file', before: '', after: '.env\n.env.backup\n' },
  { name: 'an entry that is there', before: 'a\n.env\n', after: 'a\n.env\n.env.backup\n' },
  { name: 'both, one with a slash', before: '/.env\n.env.backup', after: '/.env\n.env.backup' },
  { name: 'no line end', before: 'a', after: 'a\n.env\n.env.backup\n' },
  { name: 'Windows line ends', before: 'a\r\n', after: 'a\r\n.env\r\n.env.backup\r\n' },
  { name: 'a longer name', before: '.env.backups\n', after: '.env.backups\n.env\n.env.backup\n' },
];

test.each(ignores)('.gitignore gets what is missing: $name', ({ before, after }) => {
  expect(withIgnored(before, ['.env', '.env.backup'])).toBe(after);
});

test('names with special characters are meant literally in .gitignore', () => {
  expect(withIgnored('', ['a*[b]?', '#c', '!d', 'e  '])).toBe('a\\*\\[b\\]\\?\n\\#c\n\\!d\ne\\ \\ \n');
});

test('a linked .gitignore is edited where it is', () => {
  using context = fakeContext();
  writeFileSync(join(context.folder, 'shared'), 'x\n');
  mkdirSync(join(context.folder, 'app'));
  symlinkSync('../shared', join(context.folder, 'app', '.gitignore'));
  expect(readIgnoreFile(join(context.folder, 'app'))).toMatchObject({
    text: 'x\n',
    path: expect.stringMatching(/shared$/),
  });
});

test('stdin is text, byte for byte, or refused', async () => {
  using context = fakeContext({ stdin: '\ufeffpä\r\n\n' });
  expect(await readInput(context)).toBe('\ufeffpä\r\n\n');
  expect(() => decodeText(Buffer.from([0x61, 0xff]), 'stdin')).toThrow('stdin is not valid UTF-8');
});

test.each([
  ['https://Vault.Example.com:443/', 'https://vault.example.com'],
  ['http://127.0.0.1:8200///', 'http://127.0.0.1:8200'],
  ['https://a/base/', 'https://a/base'],
])('addresses have one form: %s', (text, normalized) => {
  expect(normalizeAddress(text, 'a test')).toBe(normalized);
});

test.each([
  ['http://localhost', true],
  ['http://127.9.9.9:1', true],
  ['http://[::1]:1', true],
  ['http://127.0.0.1.nip.io', false],
  ['http://localhost.example.com', false],
  ['http://0.0.0.0', false],
  ['http://[::ffff:127.0.0.1]', false],
])('loopback: %s is %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
});
