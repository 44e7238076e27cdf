import { expect, test } from 'vitest';
import { bypasses, chooseProxy, parseProxy } from './proxy.ts';
import { parseBaseUrl } from './settings.ts';
import { Secret } from '../domain/secret.ts';

const choose = (url: string, env: Record<string, string>): string | undefined => {
  const proxy = chooseProxy(parseBaseUrl(url), { kind: 'environment', env });
  return proxy && `${proxy.kind} ${proxy.hostname}:${proxy.port}`;
};

test.each([
  { name: 'https', url: 'https://v.example', env: { HTTPS_PROXY: 'http://p:1' }, expected: 'http p:1' },
  {
    name: 'lower case first',
    url: 'https://v.example',
    env: { https_proxy: 'http://l:1', HTTPS_PROXY: 'http://u:1' },
    expected: 'http l:1',
  },
  {
    name: 'http',
    url: 'http://v.example',
    env: { http_proxy: 'p:3128', HTTPS_PROXY: 'http://s:1' },
    expected: 'http p:3128',
  },
  { name: 'HTTP_PROXY in capitals', url: 'http://v.example', env: { HTTP_PROXY: 'http://p:1' }, expected: 'http p:1' },
  {
    name: 'HTTP_PROXY of a CGI request',
    url: 'http://v.example',
    env: { HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' },
    expected: undefined,
  },
  {
    name: 'http_proxy is not for https',
    url: 'https://v.example',
    env: { http_proxy: 'http://p:1' },
    expected: undefined,
  },
  { name: 'ALL_PROXY', url: 'https://v.example', env: { ALL_PROXY: 'socks5://p' }, expected: 'socks p:1080' },
  {
    name: 'the special one before ALL_PROXY',
    url: 'https://v.example',
    env: { all_proxy: 'socks5://p', HTTPS_PROXY: 'http://q:1' },
    expected: 'http q:1',
  },
  { name: 'loopback', url: 'http://127.0.0.1:8200', env: { http_proxy: 'http://p:1' }, expected: undefined },
  { name: 'localhost', url: 'https://localhost', env: { https_proxy: 'http://p:1' }, expected: undefined },
  {
    name: 'NO_PROXY',
    url: 'https://v.example',
    env: { https_proxy: 'http://p:1', NO_PROXY: 'example' },
    expected: undefined,
  },
  {
    name: 'no_proxy before NO_PROXY',
    url: 'https://v.example',
    env: { https_proxy: 'http://p:1', NO_PROXY: '*', no_proxy: 'x' },
    expected: 'http p:1',
  },
])('from the environment: $name', ({ url, env, expected }) => {
  expect(choose(url, env)).toBe(expected);
});

test('a proxy that is asked for is used for loopback too', () => {
  const settings = { kind: 'explicit', url: new Secret('socks5h://u%20x:p%40w@[::1]:9') } as const;
  const proxy = chooseProxy(parseBaseUrl('http://127.0.0.1'), settings);
  expect(proxy).toMatchObject({ kind: 'socks', hostname: '::1', port: 9, remoteNames: true, login: { user: 'u x' } });
  expect(proxy?.login?.password.expose()).toBe('p@w');
});

test.each([
  ['v.example', '*', true],
  ['v.example', 'example', true],
  ['v.example', '.example', true],
  ['v.example', '*.example', true],
  ['v.example', 'v.example', true],
  ['v.example', 'V.EXAMPLE', true],
  ['example', '.example', true],
  ['vexample', 'example', false],
  ['v.example.org', 'example', false],
  ['v.example', 'other, v.example ,x', true],
  ['v.example', 'other v.example', true],
  ['v.example', 'v.example:443', true],
  ['v.example', 'v.example:8443', false],
  ['v.example', '', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['10.1.2.3', '10.1.2.3:443', true],
  ['10.1.2.3', '2.3', false],
  ['10.1.2.3', '10.0.0.0/99', false],
  ['fd00::1', 'fd00::/8', true],
  ['fd00::1', '[fd00::1]', true],
  ['fd00::1', '[fd00::1]:443', true],
  ['fd00::1', '[fd00::1]:80', false],
  ['fd00::2', 'fd00::1', false],
  ['v.example', '10.0.0.0/8', false],
])('%s in NO_PROXY=%j: %j', (hostname, list, expected) => {
  expect(bypasses({ hostname, port: 443 }, list)).toBe(expected);
});

test.each(['ftp://canary@p', 'socks4://canary@p', 'http://canary@', 'http://canary:x y@p:1:2'])(
  '%s is refused without being quoted',
  (text) => {
    expect(() => parseProxy(text, 'the proxy')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('canary') }),
    );
  },
);
