// The command as `npm ci` and `npm run build` leave it: its bundles, and the files beside them that few starts need.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { execute, readJson, temporaryFolder } from './support.ts';

const cli = fileURLToPath(new URL('..', import.meta.url));
const program = `${cli}bin/zvault.cjs`;
const require = createRequire(import.meta.url);

test.each(readdirSync(`${cli}dist/lib`))('%s beside the bundle holds something', (name) => {
  expect(Object.keys(require(`${cli}dist/lib/${name}`) as object)).not.toEqual([]);
});

// The launcher reads them as latin1: a character beyond ASCII would come out as two or three others.
test.each(['zvault', 'dev', 'run'])('the bundle %s is ASCII', (name) => {
  const beyond = readFileSync(`${cli}dist/${name}.cjs`, 'utf8').match(/.{0,40}[^\0-\x7f].{0,40}/g);
  expect(beyond).toBeNull();
});

const readDocument = `
  require('node:http').get(process.env.ZVAULT_URL + '/v1/openapi.json', (answer) => answer.pipe(process.stdout));
`;

test('zvault dev serves the whole OpenAPI document', async () => {
  using folder = temporaryFolder();
  const args = ['dev', '--', process.execPath, '-e', readDocument];
  const { code, stdout } = await execute(program, args, { cwd: folder.path });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(readJson(`${cli}../vault-core/src/wire/openapi.generated.json`));
});
