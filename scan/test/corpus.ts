// A labelled corpus: files with secrets of every kind in many languages, and files that only look like it.

import { type Draw, type Kind, crcToken, kinds, pem, randomFrom, sha256Hex, text, uuid } from './secrets.ts';

export interface CorpusFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Lines (from, to) that have a secret, from 1; empty for a file without. */
  readonly secrets: readonly { readonly kind: string; readonly from: number; readonly to: number }[];
}

type Context = (
  name: string,
  value: string,
) => readonly [extension: string, before: string, line: string, after: string];
const camel = (name: string): string =>
  name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Ways to assign a value to a name. */
const assignments: readonly Context[] = [
  (name, value) => ['.env', 'PORT=8080\n', `${name}=${value}`, '\nDEBUG=false\n'],
  (name, value) => ['.env', '# local\n', `export ${name}="${value}"`, '\n'],
  (name, value) => ['.yaml', 'service:\n  port: 80\n', `  ${name.toLowerCase()}: ${value}`, '\n  replicas: 2\n'],
  (name, value) => ['.yml', 'env:\n', `  - name: ${name}\n    value: "${value}"`, '\n'],
  (name, value) => ['.json', '{\n  "a": 1,\n', `  "${camel(name)}": "${value}",`, '\n  "b": true\n}\n'],
  (name, value) => ['.toml', '[server]\nport = 1\n', `${name.toLowerCase()} = "${value}"`, '\n'],
  (name, value) => ['.js', "'use strict';\n", `const ${camel(name)} = '${value}';`, '\nmodule.exports = {};\n'],
  (name, value) => ['.ts', 'export const port = 80;\n', `export const config = { ${camel(name)}: '${value}' };`, '\n'],
  (name, value) => ['.py', 'import os\n', `${name} = "${value}"`, '\nprint(1)\n'],
  (name, value) => ['.py', 'import os\n', `os.environ["${name}"] = "${value}"`, '\n'],
  (name, value) => ['.go', 'package main\n\n', `const ${camel(name)} = "${value}"`, '\n'],
  (name, value) => ['.go', 'package main\n\nfunc f() {\n', `\tos.Setenv("${name}", "${value}")`, '\n}\n'],
  (name, value) => ['.java', 'class A {\n', `  private static final String ${name} = "${value}";`, '\n}\n'],
  (name, value) => ['.rb', '# frozen_string_literal: true\n', `  config.${name.toLowerCase()} = '${value}'`, '\n'],
  (name, value) => ['.php', '<?php\n', `define('${name}', '${value}');`, '\n'],
  (name, value) => ['.php', '<?php\n', `$${camel(name)} = '${value}';`, '\n'],
  (name, value) => ['.sh', '#!/bin/sh\nset -e\n', `export ${name}='${value}'`, '\n./run\n'],
  (name, value) => ['Dockerfile', 'FROM node:24\n', `ENV ${name} ${value}`, '\nCMD ["node"]\n'],
  (name, value) => ['.tf', 'resource "x" "y" {\n', `  ${name.toLowerCase()} = "${value}"`, '\n}\n'],
  (name, value) => ['.tf', '', `variable "${name.toLowerCase()}" {\n  default = "${value}"`, '\n}\n'],
  (name, value) => ['.tfvars', '', `${name.toLowerCase()} = "${value}"`, '\n'],
  (name, value) => ['.xml', '<config>\n', `  <${camel(name)}>${value}</${camel(name)}>`, '\n</config>\n'],
  (name, value) => [
    '.config',
    '<appSettings>\n',
    `  <add key="${camel(name)}" value="${value}" />`,
    '\n</appSettings>\n',
  ],
  (name, value) => ['.properties', 'a.b=c\n', `app.${name.toLowerCase().replace(/_/g, '.')}=${value}`, '\n'],
  (name, value) => ['.ini', '[main]\n', `${name.toLowerCase()} = ${value}`, '\n'],
  (name, value) => ['.cs', 'class A {\n', `  const string ${camel(name)} = "${value}";`, '\n}\n'],
  (name, value) => ['.kt', '', `val ${camel(name)}: String = "${value}"`, '\n'],
  (name, value) => ['.rs', '', `const ${name}: &str = "${value}";`, '\n'],
  (name, value) => ['.md', '# Setup\n\n```sh\n', `export ${name}=${value}`, '\n```\n'],
  (name, value) => ['.json', '', `{"text":"{\\"${camel(name)}\\":\\"${value}\\"}"}`, '\n'],
];

/** Places for what is recognised by itself. */
const places: readonly Context[] = [
  (_, value) => ['.js', 'run();\n', `client.connect("${value}"); // production`, '\n'],
  (_, value) => ['.py', 'def f():\n', `    return Client("${value}")`, '\n'],
  (_, value) => ['.txt', 'notes\n', `use ${value} for the demo`, '\n'],
  (_, value) => ['.md', '# Notes\n', `The token is \`${value}\`.`, '\n'],
  (_, value) => ['.go', 'package main\n', `// old: ${value}`, '\n'],
  (_, value) => ['.log', 'start\n', `2024-01-01T00:00:00Z INFO login with ${value} ok`, '\n'],
  (_, value) => ['.html', '<p>\n', `<meta content="${value}">`, '\n'],
  (_, value) => ['.sql', '', `INSERT INTO t VALUES (1, '${value}');`, '\n'],
  (_, value) => ['.yaml', 'args:\n', `  - ${value}`, '\n'],
  (_, value) => ['.csv', 'a,b\n', `1,${value},x`, '\n'],
];

/** One file for each way to write each kind. */
export function positives(draw: Draw, perKind: number): CorpusFile[] {
  const files: CorpusFile[] = [];
  for (const kind of kinds) {
    for (let i = 0; i < perKind; i++) files.push(positive(kind, draw, `${kind.id}-${i}`, i));
  }
  return files;
}

function positive(kind: Kind, draw: Draw, id: string, round: number): CorpusFile {
  const value = kind.make(draw);
  const contexts =
    kind.style === 'named' ? assignments : kind.style === 'token' ? (round % 3 === 2 ? places : assignments) : [];
  const context = contexts[draw(Math.max(1, contexts.length))];
  const name = kind.names[draw(Math.max(1, kind.names.length))] ?? 'X';
  const [extension, before, line, after] = context ? context(name, value) : ['.txt', 'first\n', value, '\nlast\n'];
  const wrapped = before + line + after;
  const utf16 = kind.style !== 'named' && round === 7;
  const bytes = utf16 ? Buffer.from(`\ufeff${wrapped}`, 'utf16le') : Buffer.from(wrapped);
  const start = before.split('\n').length;
  const path = extension.startsWith('.') ? `src/${id}${extension}` : `src/${id}/${extension}`;
  return { path, bytes, secrets: [{ kind: kind.id, from: start, to: start + line.split('\n').length - 1 }] };
}

/** Secrets in harder places: in Base64, in a binary, in UTF-16 without a mark, in minified code. */
export function wrappedPositives(draw: Draw): CorpusFile[] {
  const one = (path: string, bytes: Buffer, from: number, to = from): CorpusFile => ({
    path,
    bytes,
    secrets: [{ kind: path, from, to }],
  });
  return [
    one(
      'k8s/secret.yaml',
      Buffer.from(`kind: Secret\ndata:\n  key: ${Buffer.from(pem(draw, 'PRIVATE KEY')).toString('base64')}\n`),
      3,
    ),
    one(
      'k8s/wrapped.txt',
      Buffer.from(
        `x\n${(
          Buffer.from(pem(draw, 'OPENSSH PRIVATE KEY'))
            .toString('base64')
            .match(/.{1,76}/g) ?? []
        ).join('\n')}\nend\n`,
      ),
      2,
      16,
    ),
    one(
      'k8s/token.yaml',
      Buffer.from(`kind: Secret\ndata:\n  x: ${Buffer.from(crcToken(draw, 'ghp_')).toString('base64')}\n`),
      3,
    ),
    one(
      'app.bin',
      Buffer.concat([
        Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]),
        randomFrom(draw, 400).map((byte) => (byte === 10 ? 0 : byte)),
        Buffer.from(`\0${crcToken(draw, 'ghp_')}\0`),
        Buffer.alloc(30),
      ]),
      1,
    ),
    one('key.bin', Buffer.concat([Buffer.alloc(64), Buffer.from(pem(draw, 'RSA PRIVATE KEY'))]), 1, 20),
    one('win.reg', Buffer.from(`first\r\n"token"="${crcToken(draw, 'ghp_')}"\r\n`, 'utf16le'), 2),
    one('be.txt', Buffer.from(Buffer.from(`\ufefffirst\nkey AKIA${text(draw, 'b32', 16)}\n`, 'utf16le').swap16()), 2),
    one(
      'app.min.js',
      Buffer.from(
        `!function(){${'var a=1;'.repeat(3000)}fetch("/",{headers:{a:"sk_live_${text(draw, 'a62', 24)}"}})}();\n`,
      ),
      1,
    ),
  ];
}

/** What looks like secrets and is none. */
export function negatives(draw: Draw): CorpusFile[] {
  const flip = (token: string): string => token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
  const lines: Readonly<Record<string, readonly string[]>> = {
    'placeholders.env': [
      'API_KEY=your-api-key-here',
      'SECRET=changeme',
      'DB_PASSWORD=${DB_PASSWORD}',
      'TOKEN=<token>',
      'AWS_SECRET_ACCESS_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      'STRIPE_KEY=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx',
      'GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      'PASSWORD=********',
      'PASSWORD=password123',
      'SECRET_KEY=replace-me-with-a-real-secret',
      'OPENAI_API_KEY=sk-...',
      'SLACK=xoxb-your-token-here',
      'JWT_SECRET=supersecretkey',
      'ADMIN_PASSWORD=admin',
      'API_TOKEN=0123456789abcdef0123456789abcdef',
      'CLIENT_SECRET=abcdefghijklmnopqrstuvwxyz123456',
      'REDIS_URL=redis://localhost:6379',
      'DATABASE_URL=postgres://user:password@localhost:5432/db',
      'DATABASE_URL=postgres://postgres:postgres@db/app',
      'URL=https://user:pass@example.com',
      'AUTH_TOKEN=test_token_for_unit_tests',
      'SENDGRID=SG.xxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    ],
    'flipped.env': [
      `A=${flip(crcToken(draw, 'ghp_'))}`,
      `GITHUB_TOKEN=${flip(crcToken(draw, 'ghs_'))}`,
      `NPM_TOKEN=${flip(crcToken(draw, 'npm_'))}`,
      `JIRA=ATATT3${text(draw, 'url', 178)}=${text(draw, 'hex', 7)}a`,
      `ZVAULT_TOKEN=zvt_${text(draw, 'hex', 40)}`,
      `ZVAULT_TOKEN=zvr_${text(draw, 'hex', 40)}`,
      `token: glsa_${text(draw, 'a62', 32)}_${text(draw, 'hex', 8)}`,
      `SESSION_TOKEN=eyJ${text(draw, 'a62', 30)}.eyJ${text(draw, 'a62', 60)}.${text(draw, 'url', 43)}`,
      `AGE_SECRET_KEY=AGE-SECRET-KEY-1${text(draw, 'bech', 58)}`,
      `url: https://x:${flip(crcToken(draw, 'ghp_'))}@github.com/a/b`,
    ],
    'ids.json': Array.from(
      { length: 30 },
      (_, i) =>
        `  "${['id', 'requestId', 'traceId', 'session_id', 'tenantId', 'token_id', 'key_id', 'correlation'][i % 8]}": "${uuid(draw)}",`,
    ),
    'hashes.yaml': Array.from(
      { length: 30 },
      (_, i) =>
        `${['sha256', 'checksum', 'commit', 'etag', 'digest', 'integrity', 'md5', 'rev', 'fingerprint', 'hash'][i % 10]}: ${text(draw, 'hex', [64, 40, 32][i % 3] ?? 64)}`,
    ),
    'package-lock.json': Array.from(
      { length: 60 },
      () => `      "integrity": "sha512-${randomFrom(draw, 64).toString('base64')}",`,
    ),
    'go.sum': Array.from({ length: 40 }, () => `github.com/a/b v1.2.3 h1:${randomFrom(draw, 32).toString('base64')}`),
    'yarn.lock': Array.from(
      { length: 40 },
      () => `  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#${text(draw, 'hex', 40)}"`,
    ),
    'code.ts': [
      'const token = getToken();',
      'const password = await prompt("Password: ");',
      "const apiKey = process.env['API_KEY'];",
      'interface A { password: string; secretKey: string }',
      "const tokenType = 'Bearer';",
      "headers['Authorization'] = `Bearer ${token}`;",
      "export const PASSWORD_RESET_TOKEN_EXPIRED = 'auth/password-reset-token-expired';",
      "if (password !== confirmPassword) throw new Error('x');",
      "const secretName = 'projects/acme/secrets/database';",
      "t('login.password.placeholder')",
      "const keyPath = '/etc/ssl/private/server.key';",
      "apiKeyHeader: 'X-Api-Key-Authorization',",
      'const publicKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA";',
      "const cacheKey = 'user:profile:settings:v2';",
      "tokenEndpoint: 'https://login.acme.test/oauth2/v2.0/token',",
      "setPassword('correct horse');",
      "const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';",
      "secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',",
      'password: faker.internet.password(),',
      "secret: Buffer.from(env.SECRET, 'base64'),",
      "const csrfToken = 'abc';",
      "token = request.headers.get('authorization')",
      'const key = `${prefix}:${id}`;',
      "keyframes: 'fade-in-out-animation'",
    ],
    'test_auth.py': [
      'def test_login(client):',
      "    password = 'testpassword123'",
      "    token = 'fake-token-1234567890'",
      "    secret = 'test-secret-value'",
      "    api_key = 'dummy_api_key_0001'",
      "    assert login('alice', password='wrong-password')",
      "    client.post('/login', data={'password': 'hunter2'})",
      "    SECRET_KEY = 'not-a-real-secret'",
      "    headers = {'Authorization': 'Bearer test-token'}",
      "    auth=('user', 'passwd')",
      "    access_token = 'mock-access-token-for-tests'",
    ],
    'config.yaml': [
      'password: {{ .Values.password }}',
      'passwordSecretRef:',
      '  name: db-credentials',
      '  key: password',
      'secretName: tls-secret-production',
      'existingSecret: redis-auth',
      'token: !vault |',
      'apiKey: ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]',
      "password: \"{{ lookup('env', 'DB_PASS') }}\"",
      'secret: vault:secret/data/app#password',
      'token_url: https://auth.acme.test/token',
      'publicKeyToken: b77a5c561934e089',
      'password: zvault://env/app/DB_PASSWORD',
      'keyAlgorithm: RSA_SIGN_PKCS1_2048_SHA256',
      'authMode: oauth2-client-credentials',
      'sealed: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq',
      'password_policy: min12-upper-lower-digit-9',
    ],
    'readme.md': [
      'Set `GITHUB_TOKEN=ghp_...` first.',
      'export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE',
      'psql postgres://user:password@host:5432/db',
      'curl -u username:password https://acme.test',
      'curl -H "Authorization: Bearer YOUR_TOKEN" https://acme.test',
      'Use `Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ=`.',
      'Basic authentication is not supported.',
      'A commit such as 9fceb02d0ae598e95dc970b74767f19372d61af8.',
      'redis://:<password>@host',
      'The bearer token authentication-middleware-for-express',
    ],
    'public.pem': [
      pem(draw, 'CERTIFICATE'),
      pem(draw, 'PUBLIC KEY'),
      '-----BEGIN PRIVATE KEY-----',
      'MIIE...',
      '-----END PRIVATE KEY-----',
      `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${text(draw, 'b64', 340)} user@host`,
    ],
    'app.min.js': [
      `!function(e,t){"use strict";var n={token:function(){return e.token||t},password:"password",key:"${text(draw, 'low', 3)}"};${'n.a=function(r){return r.k+"="+r.v};'.repeat(200)}}();`,
    ],
    'image.svg': [`<image href="data:image/png;base64,${randomFrom(draw, 6000).toString('base64')}"/>`],
    'en.json': [
      '"password": "Password",',
      '"forgot_password": "Forgot your password?",',
      '"token_expired": "Your token has expired",',
      '"secret": "Geheimnis",',
      '"api_key_label": "API-Schluessel eingeben",',
      '"passwordHint": "mindestens 8 Zeichen"',
    ],
    'site.html': [
      '<input type="password" name="password" id="login-password-field">',
      `<script src="a.js" integrity="sha384-${randomFrom(draw, 48).toString('base64')}"></script>`,
      '<label for="api-key">API key</label>',
      '<a href="/reset?token=">reset</a>',
    ],
    'main.tf': [
      'variable "db_password" {',
      '  type = string',
      '  sensitive = true',
      '}',
      'password = var.db_password',
      'secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf"',
      'kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/0d990263-a1b2"',
      'token = data.vault_generic_secret.app.data["token"]',
      'key_name = "deploy-key-production"',
    ],
    'ci.yml': [
      'token: ${{ secrets.GITHUB_TOKEN }}',
      'password: $(DB_PASSWORD)',
      'NPM_TOKEN: $NPM_TOKEN',
      'uses: actions/checkout@8e5e7e5ab8b370d6c329ec480221332ada57f0ab',
      "key: ${{ runner.os }}-node-${{ hashFiles('**/package-lock.json') }}",
      'cache-key: node-modules-v3-linux-x64-20240101',
      'secret-name: app-production-database',
    ],
    'data.csv': Array.from({ length: 20 }, () => `${uuid(draw)},${text(draw, 'hex', 40)},${text(draw, 'digit', 12)}`),
    'twilio.py': [`account_sid = "AC${text(draw, 'hex', 32)}"`, 'auth_token = os.environ["TWILIO_AUTH_TOKEN"]'],
    'hash.py': [
      `EXPECTED = "${sha256Hex('a')}"`,
      `assert digest == "${sha256Hex('b')}"`,
      `password_hash = "$2b$12$${text(draw, 'a62', 53)}"`,
      `PASSWORD_SHA256 = "${sha256Hex('c')}"`,
    ],
  };
  return Object.entries(lines).map(([path, content]) => ({
    path: `neg/${path}`,
    bytes: Buffer.from(`${content.join('\n')}\n`),
    secrets: [],
  }));
}
