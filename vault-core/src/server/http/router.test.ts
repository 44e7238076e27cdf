import { expect, test } from 'vitest';
import type { ServedRoute } from '../../wire/route.ts';
import { Router } from './router.ts';

const route = (method: ServedRoute['method'], path: string): ServedRoute => ({
  id: `${method} ${path}`,
  method,
  path,
  access: { identity: 'none' },
  scope: 'none',
});

const router = new Router([
  route('GET', '/v1/sys/{name}'),
  route('GET', '/v1/sys/health'),
  route('GET', '/v1/{mount}/data/{path...}'),
  route('DELETE', '/v1/{mount}/data/{path...}'),
  route('GET', '/v1/{mount}/list'),
  route('GET', '/v1/{mount}/list/'),
  route('GET', '/v1/{mount}/list/{prefix...}'),
  route('GET', '/v1/{mount}/keys/{name}'),
  route('GET', '/v1/{mount}/keys/fixed/deep'),
]);

/** The route's path and the parameters, or what there is instead. */
function found(path: string, method = 'GET'): unknown {
  const match = router.match(method, path);
  return match.kind === 'route' ? [match.route.path, match.parameters] : match.kind;
}

test.each([
  ['/v1/sys/health', ['/v1/sys/health', {}]],
  ['/v1/sys/other', ['/v1/sys/{name}', { name: 'other' }]],
  ['/v1/secret/data/a', ['/v1/{mount}/data/{path...}', { mount: 'secret', path: 'a' }]],
  ['/v1/secret/data/a/b/c', ['/v1/{mount}/data/{path...}', { mount: 'secret', path: 'a/b/c' }]],
  ['/v1/secret/data/a/', ['/v1/{mount}/data/{path...}', { mount: 'secret', path: 'a/' }]],
  ['/v1/secret/data/a%2Fb/%20', ['/v1/{mount}/data/{path...}', { mount: 'secret', path: 'a/b/ ' }]],
  ['/v1/secret/data//a', ['/v1/{mount}/data/{path...}', { mount: 'secret', path: '/a' }]],
  ['/v1/secret/data/', 'none'],
  ['/v1/secret/data', 'none'],
  ['/v1/secret/data/%', 'malformed'],
  ['/v1/secret/list', ['/v1/{mount}/list', { mount: 'secret' }]],
  ['/v1/secret/list/', ['/v1/{mount}/list/', { mount: 'secret' }]],
  ['/v1/secret/list/a/', ['/v1/{mount}/list/{prefix...}', { mount: 'secret', prefix: 'a/' }]],
  // A literal that leads nowhere is given up for the parameter.
  ['/v1/secret/keys/fixed', ['/v1/{mount}/keys/{name}', { mount: 'secret', name: 'fixed' }]],
  ['/v1/secret/keys/fixed/deep', ['/v1/{mount}/keys/fixed/deep', { mount: 'secret' }]],
  // The words that stand in a mount's place are no mounts.
  ['/v1/sys/data/a', 'none'],
  ['/v1//data/a', ['/v1/{mount}/data/{path...}', { mount: '', path: 'a' }]],
  ['/v1', 'none'],
  ['/', 'none'],
])('%s', (path, expected) => {
  expect(found(path)).toEqual(expected);
  // Remembered matches are the same.
  expect(found(path)).toEqual(expected);
});

test('a path that has other methods names them', () => {
  expect(router.match('POST', '/v1/secret/data/a')).toEqual({ kind: 'method', allowed: ['DELETE', 'GET', 'HEAD'] });
});
