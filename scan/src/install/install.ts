// `zvault scan install`: puts the scan into the repository's hooks, or into husky's or lefthook's where these manage them. What is
// there stays; doing it again changes nothing.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type Host, ZvaultError } from '@zvault/core/domain';
import { runGit } from '../input/git.ts';

const opening = '# >>> zvault scan';
const closing = '# <<< zvault scan';
const hooks = { 'pre-commit': '--staged', 'pre-push': '--unpushed' } as const;
type Hook = keyof typeof hooks;

/** @throws USAGE outside of a repository, CONFLICT when an existing hook is no shell script */
export async function runInstall(argv: readonly string[], host: Host): Promise<number> {
  const unknown = argv.find((word) => word !== '--pre-push');
  if (unknown !== undefined)
    throw new ZvaultError('USAGE', `unknown argument "${unknown}"`, {
      hint: 'write zvault scan install, or zvault scan install --pre-push',
    });
  const hook: Hook = argv.includes('--pre-push') ? 'pre-push' : 'pre-commit';
  const answer = await runGit(host, ['rev-parse', '--show-toplevel', '--git-path', 'hooks']).catch((error: unknown) => {
    throw new ZvaultError('USAGE', 'the current folder is in no git repository', { cause: error });
  });
  const [top = '', hooksPath = ''] = answer.toString('utf8').split('\n');
  const told = installInto(top, resolve(host.cwd, hooksPath), hook);
  host.stderr.write(`zvault: ${told}\n`);
  return 0;
}

function installInto(top: string, hooksFolder: string, hook: Hook): string {
  const lefthook = ['lefthook.yml', 'lefthook.yaml', '.lefthook.yml', '.lefthook.yaml']
    .map((name) => join(top, name))
    .find((path) => existsSync(path));
  if (lefthook !== undefined) return intoLefthook(lefthook, hook);
  const inHusky = relative(join(top, '.husky'), hooksFolder);
  // husky 9 points core.hooksPath at .husky/_, whose scripts run those of .husky.
  const folder = inHusky === '_' || inHusky === '' ? join(top, '.husky') : hooksFolder;
  return intoScript(join(folder, hook), hook, inHusky === '_');
}

function command(hook: Hook): string {
  const scan = `scan ${hooks[hook]}`;
  // Git hands a pre-push hook its refs on standard input, for the rest of the script.
  return `if command -v zvault >/dev/null 2>&1; then zvault ${scan} </dev/null || exit $?\nelse npx --no-install zvault ${scan} </dev/null || exit $?\nfi`;
}

function intoScript(path: string, hook: Hook, husky: boolean): string {
  const block = `${opening}\n${command(hook)}\n${closing}\n`;
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, husky ? block : `#!/bin/sh\n${block}`);
    chmodSync(path, 0o755);
    return `${path} written`;
  }
  const text = readFileSync(path, 'utf8');
  if (text.includes(opening)) return `${path} has the scan already`;
  const first = text.slice(0, text.indexOf('\n') + 1);
  const isScript = first.startsWith('#!');
  if ((isScript && !/\b(?:ba|da|k|z)?sh\b/.test(first)) || (!isScript && !husky) || text.includes('\0')) {
    throw new ZvaultError('CONFLICT', `the hook ${path} is no shell script`, {
      hint: `let it run zvault scan ${hooks[hook]}`,
    });
  }
  // At the top: what is there may end in exec or exit.
  writeFileSync(path, isScript ? first + block + text.slice(first.length) : block + text);
  chmodSync(path, 0o755);
  return `${path} extended`;
}

function intoLefthook(path: string, hook: Hook): string {
  const text = readFileSync(path, 'utf8');
  if (text.includes('zvault-scan:') && text.includes(`zvault scan ${hooks[hook]}`))
    return `${path} has the scan already`;
  const entry = `    zvault-scan:\n      run: zvault scan ${hooks[hook]}\n`;
  const lines = text.split('\n');
  const section = lines.findIndex((line) => line.trimEnd() === `${hook}:`);
  if (section === -1) {
    writeFileSync(path, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}\n${hook}:\n  commands:\n${entry}`);
    return `${path} extended`;
  }
  const end = lines.findIndex((line, index) => index > section && /^\S/.test(line) && !line.startsWith('#'));
  const commands = lines.findIndex(
    (line, index) => index > section && (end === -1 || index < end) && line.trimEnd() === '  commands:',
  );
  if (commands === -1) {
    throw new ZvaultError('CONFLICT', `${path} has a ${hook} section that can't be extended by itself`, {
      hint: `add a command that runs zvault scan ${hooks[hook]}`,
    });
  }
  lines.splice(commands + 1, 0, entry.trimEnd());
  writeFileSync(path, lines.join('\n'));
  return `${path} extended`;
}
