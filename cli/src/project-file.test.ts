import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import * as fc from 'fast-check';
import { fakeContext } from '../test/fake-context.ts';
import { editTable, findProjectFile, newProjectFile, readProjectFile } from './project-file.ts';

const values = { org: 'acme', project: 'web', default_env: 'staging' };

const edits = [
  { name: 'an empty file', before: '', after: '[cloud]\norg = "acme"\nproject = "web"\ndefault_env = "staging"\n' },
  {
    name: 'a table that is missing',
    before: '# mine\n[vault]\naddress = "x" # why\n',
    after: '# mine\n[vault]\naddress = "x" # why\n\n[cloud]\norg = "acme"\nproject = "web"\ndefault_env = "staging"\n',
  },
  {
    name: 'a file without a line end',
    before: '[a]\nb = 1',
    after: '[a]\nb = 1\n\n[cloud]\norg = "acme"\nproject = "web"\ndefault_env = "staging"\n',
  },
  {
    name: 'keys, comments and order of a table',
    before: '[ cloud ] # here\n# first\nproject = \'old\' # note\nextra = [1, 2]\n  org="x"\n\n[unknown]\nz = 1\n',
    after:
      '[ cloud ] # here\n# first\nproject = "web" # note\nextra = [1, 2]\n  org="acme"\ndefault_env = "staging"\n\n[unknown]\nz = 1\n',
  },
  {
    name: 'Windows line ends',
    before: '[cloud]\r\norg = "x"\r\n[b]\r\nc = 1\r\n',
    after: '[cloud]\r\norg = "acme"\r\nproject = "web"\r\ndefault_env = "staging"\r\n[b]\r\nc = 1\r\n',
  },
  {
    name: 'a header that is only text',
    before: 'note = """\n[cloud]\norg = "x"\n"""\n[cloud]\norg = "y"\n',
    after: undefined,
  },
  { name: 'an inline table', before: 'cloud = { org = "x" }\n', after: undefined },
  { name: 'dotted keys', before: 'cloud.org = "x"\n', after: undefined },
  { name: 'no table', before: 'cloud = 1\n', after: undefined },
  { name: 'no TOML', before: '[cloud\n', after: undefined },
];

test.each(edits)('an edit keeps what is there: $name', async ({ before, after }) => {
  const edited = editTable('.zvault.toml', before, 'cloud', values);
  if (after === undefined) await expect(edited).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  else expect(await edited).toBe(after);
});

test('an edit means what was asked for, whatever the names are', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(name, name, name, async (org, project, environment) => {
      const text = newProjectFile(project, 'http://127.0.0.1:8200');
      const edited = await editTable('f', text, 'cloud', { org, project, default_env: environment });
      const again = await editTable('f', edited, 'cloud', { org, project, default_env: environment });
      expect(again).toBe(edited);
      expect(edited.startsWith(text)).toBe(true);
      const document = parse(edited) as Record<string, Record<string, unknown>>;
      expect(document['cloud']).toEqual({ org, project, default_env: environment });
      expect(document['project']).toEqual({ name: project });
    }),
  );
});

test('a new file has the tables of the contract', () => {
  expect(parse(newProjectFile('web', 'http://127.0.0.1:8200'))).toEqual({
    project: { name: 'web' },
    vault: { address: 'http://127.0.0.1:8200' },
    secrets: { mount: 'secret', prefix: 'env/web' },
    import: { sources: ['.env'], no_backup: false },
    rotation: { check_interval: 24, notify: false },
  });
});

test('settings are read, ids too, and empty ones count as absent', async () => {
  using context = fakeContext();
  const path = join(context.folder, '.zvault.toml');
  writeFileSync(
    path,
    '[vault]\naddress = ""\n[cloud]\norg = ""\norg_id = "1"\nproject = "p"\ndefault_env = "e"\nother = 1\n',
  );
  expect(await readProjectFile(path)).toEqual({ path, org: '1', project: 'p', environment: 'e' });
});

test.each(['cloud = 1\n', '[cloud]\norg = 5\n', '[cloud\n', '\u0000'])(
  'what cannot be read is refused: %j',
  async (text) => {
    using context = fakeContext();
    const path = join(context.folder, '.zvault.toml');
    writeFileSync(path, text);
    await expect(readProjectFile(path)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('the nearest file upwards is found, up to the root of the repository or home', () => {
  using context = fakeContext();
  const root = context.folder;
  const inner = join(root, 'home', 'repo', 'a', 'b');
  mkdirSync(inner, { recursive: true });
  const find = (): string | undefined => findProjectFile({ cwd: inner, homeDir: join(root, 'home') });
  const write = (...path: string[]): string => {
    const file = join(root, ...path, '.zvault.toml');
    writeFileSync(file, '');
    return file;
  };
  write();
  expect(find()).toBeUndefined();
  const home = write('home');
  expect(find()).toBe(home);
  mkdirSync(join(root, 'home', 'repo', '.git'));
  expect(find()).toBeUndefined();
  const repo = write('home', 'repo');
  expect(find()).toBe(repo);
  const near = write('home', 'repo', 'a', 'b');
  expect(find()).toBe(near);
});
