// A real browser, if this machine has one: Chromium from the system's packages, driven by playwright-core.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env['ZVAULT_TEST_BROWSER'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where the browser is; `undefined` if there is none. With `ZVAULT_TEST_BROWSER` there has to be one. */
export const browserPath = places.find((path) => path !== undefined && path !== '' && existsSync(path));
if (process.env['ZVAULT_TEST_BROWSER'] && browserPath !== process.env['ZVAULT_TEST_BROWSER']) {
  throw new Error('there is no browser at ZVAULT_TEST_BROWSER');
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath ?? '',
    // Containers run tests as root, where the sandbox does not start. The pages are our own.
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
