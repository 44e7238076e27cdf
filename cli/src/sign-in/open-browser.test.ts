import { expect, test } from 'vitest';
import { browserCommand, openBrowser } from './open-browser.ts';

const url = 'http://127.0.0.1:8200/cli/auth?port=1&state=a&code_challenge=b';

test.each([
  [{ platform: 'linux', env: {} }, undefined],
  [{ platform: 'linux', env: { DISPLAY: ':0' } }, ['xdg-open', url]],
  [{ platform: 'linux', env: { WAYLAND_DISPLAY: 'w' } }, ['xdg-open', url]],
  [{ platform: 'linux', env: { WSL_DISTRO_NAME: 'Debian' } }, ['wslview', url]],
  [{ platform: 'darwin', env: {} }, ['open', url]],
  [{ platform: 'win32', env: {} }, ['rundll32', 'url.dll,FileProtocolHandler', url]],
  [{ platform: 'linux', env: { BROWSER: 'firefox' } }, ['firefox', url]],
  [{ platform: 'darwin', env: { BROWSER: 'firefox --new-window %s' } }, ['firefox', '--new-window', url]],
  [{ platform: 'linux', env: { BROWSER: ' ' } }, undefined],
] as const)('%j', (host, command) => {
  expect(browserCommand(host, url)).toEqual(command);
});

test('a browser that is not there is none', async () => {
  expect(await openBrowser({ platform: 'linux', env: { BROWSER: '/nowhere/browser' } }, url)).toBe(false);
});
