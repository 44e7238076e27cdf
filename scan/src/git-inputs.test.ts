import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomInt } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { scanIn } from '../test/run.ts';
import { crcToken } from '../test/secrets.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const token = (): string => crcToken((limit) => randomInt(limit), 'ghp_');

class Repository {
  readonly path: string;

  constructor(...init: string[]) {
    this.path = mkdtempSync(join(tmpdir(), 'zvault-scan-'));
    folders.push(this.path);
    this.git('init', '-q', '-b', 'main', ...init);
    this.git('config', 'user.name', 'T');
    this.git('config', 'user.email', 't@acme.test');
  }

  git(...args: string[]): string {
    return execFileSync('git', args, {
      cwd: this.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    });
  }

  write(name: string, content: string | Buffer): this {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), content);
    return this;
  }

  commit(message = 'x'): string {
    this.git('add', '-A');
    this.git('commit', '-q', '-m', message);
    return this.git('rev-parse', 'HEAD').trim();
  }

  async scan(...args: string[]): Promise<{
    status: number;
    out: string;
    err: string;
    findings: { file: string; line: number; column: number; rule: string; commit?: string; fingerprint: string }[];
  }> {
    const { status, out, err } = await scanIn(this.path, args);
    return {
      status,
      out,
      err,
      findings: args.includes('--json') ? (JSON.parse(out || '{"findings":[]}') as { findings: [] }).findings : [],
    };
  }
}

test('the first commit: staged content is scanned, a clean index passes', async () => {
  const repository = new Repository().write('a.txt', 'nothing\n');
  repository.git('add', '-A');
  expect((await repository.scan('--staged')).status).toBe(0);
  repository.write('b.env', `TOKEN=${token()}\n`);
  expect((await repository.scan('--staged')).status).toBe(0); // not staged
  repository.git('add', '-A');
  const { status, findings } = await repository.scan('--staged', '--json');
  expect(status).toBe(7);
  expect(findings).toMatchObject([{ file: 'b.env', line: 1, column: 7, rule: 'github-pat' }]);
});

test('what is staged counts, not what the work tree has', async () => {
  const repository = new Repository().write('a.env', `TOKEN=${token()}\n`);
  repository.git('add', '-A');
  repository.write('a.env', 'TOKEN=\n');
  expect((await repository.scan('--staged')).status).toBe(7);
});

test('only lines that the commit adds are reported', async () => {
  const repository = new Repository().write('a.env', `OLD=${token()}\nA=1\n`);
  repository.commit();
  repository.write('a.env', `${readBack(repository, 'a.env')}NEW=${token()}\n`);
  repository.git('add', '-A');
  const { findings } = await repository.scan('--staged', '--json');
  expect(findings.map((finding) => finding.line)).toEqual([3]);
});

function readBack(repository: Repository, name: string): string {
  return repository.git('show', `HEAD:${name}`);
}

test.each([
  ['the -diff attribute', '*.txt -diff\n', (secret: string) => Buffer.from(`x ${secret}\n`)],
  ['the binary attribute', '*.txt binary\n', (secret: string) => Buffer.from(`x ${secret}\n`)],
  ['UTF-16', '', (secret: string) => Buffer.from(`\ufeffx ${secret}\r\n`, 'utf16le')],
  ['UTF-16 without a mark', '', (secret: string) => Buffer.from(`first line\r\nx ${secret}\r\n`, 'utf16le')],
  [
    'a binary file',
    '',
    (secret: string) => Buffer.concat([Buffer.alloc(9), Buffer.from(` ${secret} `), Buffer.alloc(9)]),
  ],
])('%s hides nothing', async (_, attributes, content) => {
  const repository = new Repository().write('.gitattributes', attributes).write('a.txt', 'x\n');
  repository.commit();
  repository.write('a.txt', content(token()));
  repository.git('add', '-A');
  expect((await repository.scan('--staged')).status).toBe(7);
});

test('a rename brings nothing in; a rename with an added secret brings that', async () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n');
  const repository = new Repository().write('old.txt', `${lines}\nkey ${token()}\n`);
  repository.commit();
  renameSync(join(repository.path, 'old.txt'), join(repository.path, 'new.txt'));
  repository.git('add', '-A');
  expect((await repository.scan('--staged')).status).toBe(0);
  repository.write('new.txt', `${readBack(repository, 'old.txt')}more ${token()}\n`);
  repository.git('add', '-A');
  const { findings } = await repository.scan('--staged', '--json');
  expect(findings.map((finding) => finding.line)).toEqual([32]);
});

test('odd names, and content that looks like a patch', async () => {
  const repository = new Repository().write('x', 'x\n');
  repository.commit();
  const names = ['with space.txt', 'tab\there.txt', 'new\nline.txt', 'quo"te.txt', 'ümlaut.txt', '-rf'];
  for (const name of names) repository.write(name, `++ b/x\n@@ -1 +1 @@\n-- a/x\nkey ${token()}\n`);
  repository.git('add', '-A', '--', '.');
  const { findings } = await repository.scan('--staged', '--json');
  expect(findings.map((finding) => finding.file).sort()).toEqual([...names].sort());
  expect(new Set(findings.map((finding) => finding.line))).toEqual(new Set([4]));
});

test('links are scanned for their target text and never followed; submodules and LFS pointers are named', async () => {
  const repository = new Repository();
  symlinkSync(`/nowhere/${token()}`, join(repository.path, 'link'));
  repository.write('big.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`);
  repository.git('add', '-A');
  repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
  const { status, findings, err } = await repository.scan('--staged', '--json');
  expect(status).toBe(7);
  expect(findings.map((finding) => finding.file)).toEqual(['link']);
  expect(err).toContain('"big.bin": its content is in Git LFS');
  expect(err).toContain('"sub": a submodule');
});

test("the user's settings of git diff change nothing", async () => {
  const lines = Array.from({ length: 9 }, (_, i) => `${i}\n\n`).join('');
  const repository = new Repository().write('sub/a.txt', lines).write('b.txt', lines).write('c.txt', `${lines}\n`);
  repository.commit();
  const settings = ['relative=true', 'suppressBlankEmpty=true', 'noprefix=true', 'renames=copies', 'submodule=log'];
  for (const one of [...settings, 'context=0', 'mnemonicPrefix=true', 'external=false', 'colorMoved=zebra'])
    repository.git('config', ...`diff.${one}`.split('='));
  repository.git('config', 'color.diff', 'always');
  repository.git('config', 'core.quotePath', 'false');
  repository.write('sub/a.txt', `${lines}key ${token()}\n`).write('b.txt', `x\n${lines}\n key ${token()}\n${lines}`);
  repository.git('add', '-A');
  const env = { GIT_DIFF_OPTS: '--unified=0' };
  const { out } = await scanIn(join(repository.path, 'sub'), ['--staged', '--json'], env);
  const { findings } = JSON.parse(out) as { findings: { file: string; line: number }[] };
  expect(findings.map(({ file, line }) => `${file}:${line}`)).toEqual(['../b.txt:21', 'a.txt:19']);
});

test('a stage of many or large files, and one whose old content is not there', async () => {
  const repository = new Repository().write('old.txt', 'x\n');
  repository.commit();
  const blob = repository.git('rev-parse', 'HEAD:old.txt').trim();
  repository
    .write('old.txt', `x\nkey ${token()}\n`)
    .write('large.txt', `${'line\n'.repeat(1_000_000)}key ${token()}\n`);
  repository.git('add', '-A');
  const expected = ['large.txt:1000001', 'old.txt:2'];
  const told = async (): Promise<string[]> =>
    (await repository.scan('--staged', '--json')).findings.map(({ file, line }) => `${file}:${line}`);
  expect(await told()).toEqual(expected);
  rmSync(join(repository.path, '.git/objects', blob.slice(0, 2), blob.slice(2)));
  repository.git('rm', '-q', '--cached', 'large.txt');
  expect(await told()).toEqual(['old.txt:2']);
});

test('strict: what was passed over makes it fail', async () => {
  const repository = new Repository().write('a.txt', 'x'.repeat(5000));
  repository.git('add', '-A');
  expect((await repository.scan('--staged', '--max-file-size', '1KB')).status).toBe(0);
  expect((await repository.scan('--staged', '--max-file-size', '1KB', '--strict')).status).toBe(6);
});

test('unmerged index, no repository, missing path, broken configuration, unknown option: 2', async () => {
  const repository = new Repository().write('a.txt', 'base\n');
  repository.commit();
  repository.git('checkout', '-q', '-b', 'other');
  repository.write('a.txt', 'one\n').commit();
  repository.git('checkout', '-q', 'main');
  repository.write('a.txt', 'two\n').commit();
  expect(() => repository.git('merge', '-q', 'other')).toThrow();
  expect((await repository.scan('--staged')).status).toBe(2);
  const outside = mkdtempSync(join(tmpdir(), 'zvault-scan-'));
  folders.push(outside);
  expect((await scanIn(outside, ['--staged'])).status).toBe(2);
  expect((await scanIn(outside, ['missing'])).status).toBe(2);
  expect((await scanIn(outside, ['--bogus'])).status).toBe(2);
  writeFileSync(join(outside, '.zvault-scan.toml'), 'disable = 3\n');
  expect((await scanIn(outside, ['.'])).status).toBe(2);
});

test('a SHA-256 repository, a worktree, and a subfolder', async () => {
  const repository = new Repository('--object-format=sha256').write('sub/a.txt', 'x\n');
  repository.commit();
  repository.git('worktree', 'add', '-q', join(repository.path, 'tree'));
  writeFileSync(join(repository.path, 'tree', 'sub', 'b.txt'), `key ${token()}\n`);
  execFileSync('git', ['add', '-A'], { cwd: join(repository.path, 'tree') });
  const top = await scanIn(join(repository.path, 'tree'), ['--staged', '--json']);
  expect(JSON.parse(top.out)).toMatchObject({ findings: [{ file: 'sub/b.txt' }] });
  const below = await scanIn(join(repository.path, 'tree', 'sub'), ['--staged', '--json']);
  expect(JSON.parse(below.out)).toMatchObject({ findings: [{ file: 'b.txt' }] });
});

test('history: each secret once, with the commit that brought it in, merges included', async () => {
  const repository = new Repository();
  const secret = token();
  const first = repository.write('a.txt', `key ${secret}\n`).commit();
  repository.write('a.txt', `key ${secret}\nmore\n`).commit();
  repository.write('a.txt', 'gone\n').commit();
  repository.git('checkout', '-q', '-b', 'other');
  repository.write('o.txt', '1\n').commit();
  repository.git('checkout', '-q', 'main');
  repository.write('m.txt', '1\n').commit();
  repository.git('merge', '-q', '--no-commit', 'other');
  const merge = repository.write('o.txt', `evil ${token()}\n`).commit();
  const { status, findings } = await repository.scan('--history', '--json');
  expect(status).toBe(7);
  expect(findings.map(({ file, commit }) => ({ file, commit }))).toEqual([
    { file: 'a.txt', commit: first },
    { file: 'o.txt', commit: merge },
  ]);
  expect(
    (await repository.scan('--range', `${first}..${merge}`, '--json')).findings.map((finding) => finding.file),
  ).toEqual(['o.txt']);
  expect((await repository.scan('--range', 'nonsense..HEAD')).status).toBe(2);
});

test.each([['--staged'], ['--history'], ['--unpushed'], ['.']])(
  'a repository without a commit: %s finds nothing',
  async (mode) => {
    expect(await new Repository().scan(mode)).toMatchObject({ status: 0, err: '' });
  },
);

test('history: names that look like its own lists, and the same blob at two paths', async () => {
  const repository = new Repository();
  const names = ['\n:100644 x', '\x01name', 'two\nlines', ':colon'];
  const secret = token();
  for (const name of names) repository.write(name, `key ${secret}\n`);
  const commit = repository.commit();
  const { findings } = await repository.scan('--history', '--json');
  expect(findings.map((finding) => finding.file).sort()).toEqual([...names].sort());
  expect(new Set(findings.map((finding) => finding.commit))).toEqual(new Set([commit]));
});

test('history: what was there before, or moved, is not brought in again; what loses its allow comment is', async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n');
  const [old, moved, allowed] = [token(), token(), token()];
  const repository = new Repository().write('a.txt', `${lines}\nkey ${old}\nkey ${allowed} # zvault:allow\n`);
  repository.write('from.txt', `${lines}\nkey ${moved}\n`);
  const first = repository.commit();
  rmSync(join(repository.path, 'from.txt'));
  repository.write('to.txt', `${lines}\nmore\nkey ${moved}\n`);
  repository.write('a.txt', `${lines}\nkey ${old}\nkey ${allowed}\n`);
  const second = repository.commit();
  const told = async (...args: string[]): Promise<string[]> =>
    (await repository.scan(...args, '--json')).findings.map(({ file, line, commit }) => `${file}:${line} ${commit}`);
  expect(await told('--range', `${first}..${second}`)).toEqual([`a.txt:42 ${second}`]);
  expect(await told('--history')).toEqual([`a.txt:41 ${first}`, `a.txt:42 ${second}`, `from.txt:41 ${first}`]);
});

test('baseline, allow comments, standard input, fingerprints that survive moved lines', async () => {
  const repository = new Repository();
  const [one, two, three] = [token(), token(), token()];
  repository.write('a.txt', `k ${one}\nk ${two} # zvault:allow\n# zvault:allow[github-pat]\nk ${three}\n`);
  const before = await repository.scan('.', '--json');
  expect(before.findings).toHaveLength(1);
  expect((await repository.scan('.', '--write-baseline', 'base.json')).status).toBe(0);
  repository.write('a.txt', `\n\n\nk ${one}\n`);
  const after = await repository.scan('.', '--json');
  expect(after.findings.map((finding) => finding.fingerprint)).toEqual(
    before.findings.map((finding) => finding.fingerprint),
  );
  expect((await repository.scan('.', '--baseline', 'base.json')).status).toBe(0);
  repository.write('a.txt', `k ${two}\n`);
  expect((await repository.scan('.', '--baseline', 'base.json')).status).toBe(7);
  expect((await scanIn(repository.path, ['-', '--json'], {}, `x ${one}`)).status).toBe(7);
});

test('no format and no message prints a secret', async () => {
  const repository = new Repository();
  const secrets = [token(), `hunter-${token().slice(5, 20)}#9`];
  repository.write('a.env', `TOKEN=${secrets[0]}\nDB_PASSWORD=${secrets[1]}\n`).commit();
  for (const format of ['text', 'json', 'sarif', 'junit', 'github', 'gitlab']) {
    for (const mode of [['.'], ['--history']]) {
      const { status, out, err } = await repository.scan(...mode, '--format', format);
      expect(status).toBe(7);
      for (const secret of secrets)
        for (const text of [out, err])
          for (let i = 4; i + 6 <= secret.length; i++) expect(text).not.toContain(secret.slice(i, i + 6));
    }
  }
});
