// Holds answers against the OpenAPI document: status, media type and shape. Every call of the tests goes through it, so that
// the document can't drift from the server.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { Router } from '../../vault-core/src/server/http/router.ts';
import { openApiDocument } from '../../vault-core/src/wire/openapi.ts';
import type { ServedRoute } from '../../vault-core/src/wire/route.ts';
import { routes } from '../../vault-core/src/wire/routes.ts';
import type { Answer } from './http.ts';

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}
interface OpenApi {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, DocumentedResponse>> }>>>
  >;
}

export const document = openApiDocument(routes, '0.0.0') as unknown as OpenApi;
const router = new Router(routes);
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(document, 'openapi');
const validators = new Map<string, ValidateFunction>();

export function routeOf(method: string, path: string): ServedRoute | undefined {
  const match = router.match(method, path.split('?', 1)[0] ?? '');
  return match.kind === 'route' ? match.route : undefined;
}

/** Throws when the answer of a routed request is not in the document. */
export function checkAnswer(method: string, path: string, answer: Answer): void {
  const route = routeOf(method, path);
  const place = `${method} ${path.slice(0, 200)} → ${answer.status}`;
  if (!route) return;
  const documented =
    document.paths[route.path.replace('...}', '}')]?.[route.method.toLowerCase()]?.responses[String(answer.status)];
  if (!documented) throw new Error(`${place}: this status is not documented for ${route.id}`);
  if (method === 'HEAD') return;
  const [mediaType = ''] = (answer.headers['content-type'] ?? '').split(';');
  if (!documented.content) {
    if (answer.bytes.length > 0) throw new Error(`${place}: a body where none is documented`);
    return;
  }
  if (!(mediaType in documented.content)) throw new Error(`${place}: undocumented media type "${mediaType}"`);
  if (documented.content[mediaType]?.schema === undefined) return;
  const validate = validatorOf(route, answer.status, mediaType);
  if (!validate(answer.json)) {
    throw new Error(`${place}: ${ajv.errorsText(validate.errors)}`);
  }
}

function validatorOf(route: ServedRoute, status: number, mediaType: string): ValidateFunction {
  const escape = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
  const parts = [
    'paths',
    route.path.replace('...}', '}'),
    route.method.toLowerCase(),
    'responses',
    String(status),
    'content',
    mediaType,
    'schema',
  ];
  const pointer = `openapi#/${parts.map(escape).join('/')}`;
  let validate = validators.get(pointer);
  if (!validate) validators.set(pointer, (validate = ajv.compile({ $ref: pointer })));
  return validate;
}
