// The OpenAPI 3.1 document, made from the route table at build time.

import type { Parameter, Route } from './route.ts';
import { errorShape } from './shapes.ts';

type Json = Record<string, unknown>;

const descriptions: Readonly<Record<number, string>> = {
  200: 'Done',
  204: 'Done',
  303: 'On to the command that waits on loopback',
  304: 'Not modified since the ETag given',
  400: 'Bad request',
  401: 'No valid token',
  403: 'Not allowed, or a foreign Host or Origin',
  404: 'Not found (with a body); not routed (without)',
  408: 'The request came too slowly',
  409: 'Conflict',
  413: 'Body too large',
  415: 'The body is not JSON',
  422: 'Valid JSON of the wrong shape',
  429: 'Too many requests; see Retry-After',
  500: 'Internal error',
  501: 'Not initialized',
  503: 'Sealed, not initialized, or audit or store unavailable',
  507: 'The disk is full',
};

const binary = 'application/octet-stream';

/** The whole document as plain JSON. Schemas with an `$id` become components. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components = new Map<string, unknown>();
  const paths: Record<string, Json> = {};
  const ref = (schema: unknown): unknown => liftNamed(schema, components);
  for (const route of routes) {
    // OpenAPI has no parameter that spans segments: `{path}` stands for all that is left.
    const item = (paths[route.path.replace('...}', '}')] ??= {});
    item[route.method.toLowerCase()] = operation(route, ref);
  }
  ref(errorShape);
  return {
    openapi: '3.1.0',
    info: {
      title: 'zvault',
      version,
      description:
        'The HTTP API of the zvault server. Errors are `{"error": <code>, "message": <text>}`; the codes are a closed table.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:8200', description: 'The default address' }],
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A service token, a root token, or a JWT of a configured issuer',
        },
        vaultToken: { type: 'apiKey', in: 'header', name: 'X-Vault-Token' },
      },
    },
  };
}

function operation(route: Route, ref: (schema: unknown) => unknown): Json {
  const responses: Record<string, unknown> = {};
  for (const [status, reply] of Object.entries(route.replies)) responses[status] = response(Number(status), reply, ref);
  if (route.binaryReply) (responses['200'] as { content: Json }).content[binary] = {};
  for (const status of errorStatuses(route))
    responses[status] ??= response(status, route.page ? 'text/html' : errorShape, ref);
  const [tag = ''] = route.id.split('.');
  return {
    operationId: route.id,
    tags: [tag],
    summary: route.summary,
    ...security(route),
    parameters: [
      ...[...route.path.matchAll(/\{(\w+)(?:\.\.\.)?\}/g)].map(([, name = '']) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string', minLength: 1 },
      })),
      ...Object.entries(route.query ?? {}).map(([name, parameter]) => queryParameter(name, parameter)),
      ...(304 in route.replies ? [{ name: 'If-None-Match', in: 'header', schema: { type: 'string' } }] : []),
      ...(route.stream ? [{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }] : []),
    ],
    ...(route.body
      ? {
          requestBody: {
            required: route.bodyRequired !== false,
            content: {
              [route.form ? 'application/x-www-form-urlencoded' : 'application/json']: { schema: ref(route.body) },
              ...(route.binaryBody ? { [binary]: {} } : {}),
            },
          },
        }
      : {}),
    responses,
  };
}

function security({ access }: Route): Json {
  if (access.identity === 'none') return { security: [] };
  const bearer = { bearer: [] };
  const vaultToken = { vaultToken: [] };
  if (access.headers === 'both') return { security: [vaultToken, bearer] };
  return { security: [access.identity === 'cloud' ? bearer : vaultToken] };
}

/** Every status with the error shape that the pipeline can answer for this route, in the order of the pipeline. */
function errorStatuses(route: Route): number[] {
  const always = [400, 403, 429, 500, 503];
  const identity = route.access.identity === 'none' ? [] : [401];
  const scope = route.path.includes('{') || route.scope !== 'none' || route.query?.['org'] ? [404] : [];
  const body = route.body ? [408, 413, 415, 422, 404] : [];
  // Reads may write too: the audit's table, or the issuer of a person's first log-in.
  const write = route.unaudited ? [] : [507];
  return [...always, ...identity, ...scope, ...body, ...write, ...(route.errors ?? [])].sort((a, b) => a - b);
}

function response(status: number, reply: unknown, ref: (schema: unknown) => unknown): Json {
  const description = descriptions[status] ?? 'Answer';
  if (reply === null) return { description };
  if (typeof reply === 'string') return { description, content: { [reply]: {} } };
  return { description, content: { 'application/json': { schema: ref(reply) } } };
}

function queryParameter(name: string, { schema, description }: Parameter): Json {
  return { name, in: 'query', required: false, description, schema };
}

/** Replaces schemas that have an `$id` by references, and collects them. */
function liftNamed(schema: unknown, components: Map<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((part) => liftNamed(part, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $id, ...rest } = schema as Json;
  const lifted = Object.fromEntries(
    Object.entries(rest).map(([keyword, part]) => [keyword, liftNamed(part, components)]),
  );
  if (typeof $id !== 'string') return lifted;
  components.set($id, lifted);
  return { $ref: `#/components/schemas/${$id}` };
}
