// Requests made from the OpenAPI document, good ones and broken ones: none is answered with 500, with a status that the
// document does not have, or with another shape.

import { readFileSync } from 'node:fs';
import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { zvaultVersion } from '../src/domain/version.ts';
import { openApiDocument } from '../src/wire/openapi.ts';
import { routes } from '../src/wire/routes.ts';
import { document } from '../../test/support/contract.ts';
import { type TestVault, type Workspace, makeToken, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

type Json = Record<string, any>;
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; schema: Json }[];
  readonly requestBody?: { content: Record<string, { schema: Json }> };
}
interface Fuzzed {
  readonly path: string;
  readonly body: { readonly json?: unknown; readonly raw?: string };
  readonly identity: string;
}

const schemas = (document as unknown as { components: { schemas: Json } }).components.schemas;
let vault: TestVault;
let place: Workspace;
/** What may be deleted and renamed. */
let victim: Workspace;
let tokens: Record<string, string | undefined>;

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault);
  await vault.root('PUT', `${place.env}/secrets/K`, { value: 'v' });
  await vault.operate('POST', '/v1/secret/data/team/K', { data: { K: 'v' } });
  await vault.operate('POST', '/v1/transit/keys/fuzz');
  await vault.operate('POST', '/v1/transit/keys/signer', { type: 'ed25519' });
  victim = await makeWorkspace(vault, 'victim', 'prey');
  tokens = {
    root: vault.rootToken,
    admin: vault.jwt('fuzz'),
    service: await makeToken(vault, place.base, { permissions: ['read', 'write'] }),
    narrow: await makeToken(vault, place.base, {
      environment: 'development',
      ttl: '1h',
      permissions: ['read', 'write'],
    }),
    none: undefined,
  };
  const member = { email: 'fuzz@example.com', role: 'admin', user_id: 'fuzz' };
  await vault.root('POST', `/v1/cloud/orgs/${place.org}/members`, member);
});
afterAll(() => vault[Symbol.asyncDispose]());

const strange = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '\u0000',
    '\ud800',
    '__proto__',
    'constructor',
    '%00',
    '../x',
    'a/b',
    ' ',
    '\u{1f600}',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 300 }),
);
const anything = fc.oneof({ weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) }, strange);

/** Instances of a schema, most of them valid. */
function arbitraryOf(schema: Json): fc.Arbitrary<unknown> {
  const { $ref, anyOf, enum: choices, type } = schema;
  if ($ref) return arbitraryOf(schemas[String($ref).split('/').at(-1) ?? ''] as Json);
  if (anyOf) return fc.oneof(...(anyOf as Json[]).map(arbitraryOf));
  if (choices) return fc.constantFrom(...(choices as unknown[]));
  if (Array.isArray(type)) return fc.oneof(...type.map((one: string) => arbitraryOf({ ...schema, type: one })));
  switch (type) {
    case 'string':
      if (schema['format'] === 'uuid') return fc.oneof(fc.uuid(), fc.constantFrom(place.orgId, place.projectId));
      if (schema['format'] === 'date-time')
        return fc.oneof(
          fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
          strange,
        );
      return fc.oneof(
        strange,
        fc.constantFrom('K', 'development', place.org, place.project, 'a@example.com', '1h', 'x'),
      );
    case 'integer':
      return fc.oneof(
        fc.integer({ min: schema['minimum'] ?? -5, max: schema['maximum'] ?? 1000 }),
        fc.constantFrom(0, 1, 2),
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitraryOf(schema['items'] as Json), { maxLength: 5 });
    default:
      return objectOf(schema);
  }
}

function objectOf({ properties = {}, required = [] }: Json): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(properties as Json).map(([name, part]) => [name, arbitraryOf(part as Json)]),
  );
  return fc.record(members, { requiredKeys: required as string[] });
}

/** A valid body with something wrong somewhere. */
function broken(body: fc.Arbitrary<unknown>): fc.Arbitrary<{ json?: unknown; raw?: string }> {
  return fc.oneof(
    { weight: 8, arbitrary: body.map((json) => ({ json })) },
    {
      weight: 4,
      arbitrary: fc.tuple(body, fc.nat(9), anything).map(([valid, which, wrong]) => {
        const names = Object.keys(valid ?? {});
        const name = names[which % Math.max(1, names.length)] ?? 'x';
        return { json: { ...(valid as object), [name]: wrong } };
      }),
    },
    { weight: 2, arbitrary: anything.map((json) => ({ json })) },
    { weight: 1, arbitrary: fc.string({ maxLength: 40 }).map((raw) => ({ raw })) },
  );
}

/** A form has texts only. */
function fieldsOf(json: unknown): Record<string, string> {
  const fields = typeof json === 'object' && json !== null ? Object.entries(json) : [['', json] as const];
  return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]));
}

const known = ({ org, orgId, project, projectId, environmentIds }: Workspace): Record<string, string[]> => ({
  org: [org, orgId],
  project: [project, projectId],
  env: ['development', environmentIds['staging'] ?? ''],
  key: ['K'],
  user: ['nobody'],
  mount: ['secret', 'transit'],
  path: ['team/K'],
  name: ['fuzz', 'signer'],
});

function pathOf(template: string, operation: Operation, workspace: Workspace): fc.Arbitrary<string> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
  const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
  const parts = fc.record(
    Object.fromEntries(
      inPath.map((name) => [
        name,
        fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom(...(known(workspace)[name] ?? ['x'])) },
          { weight: 1, arbitrary: strange },
        ),
      ]),
    ),
  );
  const query = fc.record(
    Object.fromEntries(inQuery.map(({ name, schema }) => [name, fc.oneof(arbitraryOf(schema), strange)])),
    { requiredKeys: [] },
  );
  const encode = (text: unknown): string => encodeURIComponent(String(text).toWellFormed());
  return fc.tuple(parts, query).map(([values, asked]) => {
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(values[name]));
    const search = Object.entries(asked).map(([name, value]) => `${name}=${encode(value)}`);
    return search.length === 0 ? path : `${path}?${search.join('&')}`;
  });
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation: operation as unknown as Operation,
    id: (operation as unknown as Operation).operationId,
  })),
);

test('the document is the one that is served, and names every route', async () => {
  expect(operations.map(({ id }) => id).sort()).toEqual(routes.map(({ id }) => id).sort());
  const served = await vault.call('GET', '/v1/openapi.json');
  expect(served.headers['content-type']).toBe('application/json');
  expect(served.json).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes, zvaultVersion))));
  const generated = new URL('../src/wire/openapi.generated.json', import.meta.url);
  expect(JSON.parse(readFileSync(generated, 'utf8'))).toEqual(served.json);
});

// Done to the workspace of the others, these would end the game.
const destructive = new Set(['projects.delete', 'projects.update', 'environments.delete', 'environments.update']);

test.each(operations)('$id', async ({ path, method, operation, id }) => {
  const { 'application/json': json, 'application/x-www-form-urlencoded': form } = operation.requestBody?.content ?? {};
  const schema = (json ?? form)?.schema;
  const requests: fc.Arbitrary<Fuzzed> = fc.record({
    path: pathOf(path, operation, destructive.has(id) ? victim : place),
    body: schema ? broken(arbitraryOf(schema)) : fc.constant({}),
    identity: fc.constantFrom('root', 'root', 'admin', 'admin', 'service', 'narrow', 'none'),
  });
  const sent = id === 'secrets.events' ? 'HEAD' : method;
  await fc.assert(
    fc.asyncProperty(requests, async ({ path: address, body, identity }) => {
      const toVault = JSON.stringify(operation).includes('vaultToken');
      const answer = await vault.call(sent, address, {
        ...(toVault ? { vaultToken: id === 'sys.seal' ? undefined : tokens[identity] } : { token: tokens[identity] }),
        ...(form ? { form: fieldsOf(body.json) } : { body: body.json, raw: body.raw }),
      });
      // vault.call has held status, media type and shape against the document.
      expect(answer.status).not.toBe(500);
      if (answer.status >= 400 && sent !== 'HEAD' && answer.json !== undefined && !path.startsWith('/v1/sys/')) {
        expect(answer.json).toMatchObject({ error: expect.stringMatching(/^[a-z_]+$/), message: expect.any(String) });
      }
    }),
    { numRuns: schema ? 60 : 25 },
  );
  expect(vault.warnings).toEqual([]);
});
