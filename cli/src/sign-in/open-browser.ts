// Opens an address in the person's browser, without a shell in between and without our settings in its environment.

import { spawn } from 'node:child_process';
import type { Host } from '@zvault/core/domain';

type World = Pick<Host, 'env' | 'platform'>;

/** The command that opens `url`; `undefined` where there seems to be no browser. `BROWSER` names another one. */
export function browserCommand({ env, platform }: World, url: string): readonly [string, ...string[]] | undefined {
  const [own, ...more] = (env['BROWSER'] ?? '').split(' ').filter((word) => word !== '');
  if (own !== undefined) {
    const given = more.some((word) => word.includes('%s'));
    return [own, ...more.map((word) => word.replaceAll('%s', url)), ...(given ? [] : [url])];
  }
  if (platform === 'darwin') return ['open', url];
  // `cmd /c start` would read the address as a command line.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  if (env['WSL_DISTRO_NAME']) return ['wslview', url];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open', url] : undefined;
}

/** True when a browser was started. What it does then is its own. */
export async function openBrowser(host: World, url: string): Promise<boolean> {
  const command = browserCommand(host, url);
  if (!command) return false;
  const [file, ...args] = command;
  const env = Object.fromEntries(Object.entries(host.env).filter(([name]) => !/^Z?VAULT_/.test(name)));
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
