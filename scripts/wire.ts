// Writes what is made from the route table: the compiled validators of request bodies, the table that the
// server routes by, and the OpenAPI document.
// With --check it writes nothing and fails if a file is not what it would write.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { openApiDocument } from '../vault-core/src/wire/openapi.ts';
import type { Route } from '../vault-core/src/wire/route.ts';
import { routes } from '../vault-core/src/wire/routes.ts';

const wire = new URL('../vault-core/src/wire/', import.meta.url);

function validators(list: readonly Route[]): string {
  const ajv = new Ajv2020({
    allErrors: false,
    code: { source: true, esm: true, lines: true },
    // A UUID is checked by pattern; times are parsed where they are used, with a better message.
    formats: { uuid: /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'date-time': true },
    strict: false,
  });
  const names: Record<string, string> = {};
  for (const route of list) {
    if (!route.body) continue;
    ajv.addSchema(withoutIds(route.body) as object, route.id);
    names[route.id.replaceAll(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase())] = route.id;
  }
  const code = standaloneCode.default(ajv, names);
  const table = Object.entries(names).map(([name, id]) => `  '${id}': ${name},`);
  return [
    '// @ts-nocheck',
    '// Made by scripts/wire.ts from the route table; do not edit.',
    code.replace(/^"use strict";\n?/, ''),
    `export const bodyValidators = {\n${table.join('\n')}\n};`,
    '',
  ].join('\n');
}

/** `$id` names a component of the OpenAPI document; to ajv it would be a second schema of that name. */
function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => keyword !== '$id')
      .map(([keyword, part]) => [keyword, withoutIds(part)]),
  );
}

/** The table that the server loads at each start: without the shapes, which are most of it. */
function servedRoutes(list: readonly Route[]): string {
  const served = list.map(({ summary: _summary, replies: _replies, errors: _errors, body, ...rest }) => ({
    ...rest,
    ...(body ? { body: true } : {}),
  }));
  return [
    '// Made by scripts/wire.ts from the route table; do not edit.',
    "import type { ServedRoute } from './route.ts';",
    `export const servedRoutes: readonly ServedRoute[] = ${JSON.stringify(served, null, 1)};`,
    '',
  ].join('\n');
}

const { version } = JSON.parse(readFileSync(new URL('../vault-core/package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const files: Record<string, string> = {
  'served-routes.generated.ts': servedRoutes(routes),
  'validators.generated.ts': validators(routes),
  'openapi.generated.json': `${JSON.stringify(openApiDocument(routes, version), null, 1)}\n`,
};
let stale = false;
for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, wire));
  if (process.argv.includes('--check')) {
    if (readFileSync(path, 'utf8') === text) continue;
    console.error(`zvault: error: ${name} is not fresh`);
    stale = true;
  } else {
    writeFileSync(path, text);
  }
}
if (stale) {
  console.error('zvault: hint: run "npm run build" and commit the result');
  process.exitCode = 1;
}
