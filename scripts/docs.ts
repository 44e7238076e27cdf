// Writes the reference part of the documentation from what it describes: the routes, the error table, and the help of each command.
// With --check it writes nothing and fails if a page is not what it would write.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ciCatalogue } from '../vault-core/src/ci/errors.ts';
import { errorTable } from '../vault-core/src/domain/errors.ts';
import type { Route } from '../vault-core/src/wire/route.ts';
import { routes } from '../vault-core/src/wire/routes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}docs/reference/`;
const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
const made = '<!-- Made by scripts/docs.ts; do not edit. -->\n';

function who({ access }: Route): string {
  switch (access.identity) {
    case 'none':
      return 'anybody';
    case 'vault':
      if (access.self) return 'any token';
      return access.policy === 'any'
        ? 'any vault token'
        : `\`${access.policy.capability}\` on \`${access.policy.path}\``;
    case 'cloud': {
      const person = access.user === 'any' ? 'any person' : access.user;
      const service = access.service === 'any' ? 'any service token' : `service token with \`${access.service}\``;
      return access.service === undefined ? person : `${person}, ${service}`;
    }
  }
}

function routesPage(): string {
  const rows = (routes as readonly Route[]).map(
    (route) => `| \`${route.method} ${route.path}\` | ${route.summary} | ${who(route)} |`,
  );
  return `${made}# Routes

Shapes and statuses are in the OpenAPI document, which the server answers at \`/v1/openapi.json\`. Roles include those below them; a root token may do everything.

| Route | What it does | Who may call it |
|---|---|---|
${rows.join('\n')}
`;
}

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { exit, status, wire, retryable }]) =>
      `| \`${code}\` | ${exit} | ${status ?? ''} | ${wire === undefined ? '' : `\`${wire}\``} | ${retryable ? 'yes' : ''} |`,
  );
  return `${made}# Errors

Every error of the command, the library and the server has a code of this table. The server answers \`{"error": <name on the wire>, "message": <text>}\`; a 404 without a body means that
the path is not routed.

| Code | Exit status | HTTP status | On the wire | May be repeated |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function help(...command: string[]): string {
  return execFileSync(process.execPath, [zvault, ...command, '--help'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' },
  }).trimEnd();
}

/** Names under "Commands:" of a help text. */
function subcommands(text: string): string[] {
  const section = /\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(text)?.[1] ?? '';
  return [...section.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

function commandPages(command: string[]): string[] {
  const text = help(...command);
  const title = ['zvault', ...command].join(' ');
  const own = `${'#'.repeat(Math.min(4, command.length + 1))} ${title}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  return [own, ...subcommands(text).flatMap((name) => commandPages([...command, name]))];
}

interface Input {
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly required?: boolean;
  readonly type?: string;
}

function readYaml<T>(path: string): T {
  return parse(readFileSync(root + path, 'utf8')) as T;
}

function inputTable(title: string, inputs: Readonly<Record<string, Input>>): string {
  const rows = Object.entries(inputs).map(([name, { description = '', default: value, enum: words }]) => {
    const text = description.trim() + (words === undefined ? '' : ` (${words.join(', ')})`);
    return `| \`${name}\` | ${text.replaceAll('|', '\\|')} | ${value === undefined || value === '' ? '' : `\`${value}\``} |`;
  });
  return `| ${title} | What it says | Default |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function ciInputsPage(): string {
  const action = readYaml<{ inputs: Record<string, Input>; outputs: Record<string, Input> }>(
    'actions/setup/action.yml',
  );
  const orb =
    readYaml<Record<'commands' | 'jobs', Record<string, { description: string; parameters: Record<string, Input> }>>>(
      'orbs/secrets/orb.yml',
    );
  const pipe = readYaml<{ variables: (Input & { name: string })[] }>('pipes/inject-secrets/pipe.yml');
  const outputs = Object.entries(action.outputs).map(([name, { description }]) => `| \`${name}\` | ${description} |`);
  const sections = (['commands', 'jobs'] as const).flatMap((section) =>
    Object.entries(orb[section]).map(
      ([name, { description, parameters }]) =>
        `### ${section === 'jobs' ? 'Job ' : ''}${name}\n\n${description.trim()}\n\n${inputTable('Parameter', parameters)}`,
    ),
  );
  return `${made}# Inputs of the CI integrations

Guides: [GitHub Actions](../ci/github.md), [CircleCI](../ci/circleci.md), [Bitbucket Pipelines](../ci/bitbucket.md), [other platforms](../ci/other.md).

## GitHub Action

${inputTable('Input', action.inputs)}
| Output | What it says |
|---|---|
${outputs.join('\n')}

## CircleCI orb

${sections.join('\n')}
## Bitbucket pipe

${inputTable('Variable', Object.fromEntries(pipe.variables.map((variable) => [variable.name, variable])))}`;
}

function ciErrorsPage(): string {
  const rows = Object.entries(ciCatalogue).map(
    ([code, { title, remedy, code: own }]) => `| \`${code}\` | ${title} | ${remedy} | ${errorTable[own].exit} |`,
  );
  return `${made}# Errors of the CI integrations

The same codes on every platform, in front of the message. The action fails its step; the command, the orb and the pipe end with the exit code of the last column.

| Code | What it means | What to do | Exit code |
|---|---|---|---|
${rows.join('\n')}
`;
}

const pages: Readonly<Record<string, string>> = {
  'ci-errors.md': ciErrorsPage(),
  'ci-inputs.md': ciInputsPage(),
  'routes.md': routesPage(),
  'errors.md': errorsPage(),
  'commands.md': `${made}${commandPages([]).join('\n')}`,
};
let stale = false;
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  if (!process.argv.includes('--check')) writeFileSync(folder + name, text);
  else if (readOrEmpty(folder + name) !== text) {
    console.error(`zvault: error: docs/reference/${name} is not what the sources say`);
    stale = true;
  }
}
if (stale) {
  console.error('zvault: hint: run "npm run build && npm run docs" and commit the result');
  process.exitCode = 1;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
