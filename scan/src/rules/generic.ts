// Values that only their name gives away. The names are judged here, the values in checks/generic.ts.

import { defineRules } from '../rule.ts';

/** Parts of a name that say: this is about a secret, not one. */
const notSecret =
  '(?!.*(?:hash|digest|checksum|sha\\d|md5|fingerprint|thumbprint|integrity|etag|public|publishable|pubkey|pub_key|field|label(?!.?studio)|placeholder|hint|length|regex|pattern|policy|prompt|reset|url|uri|endpoint|path|file|dir$|folder|type$|format|expir|ttl|timeout|(?:^|[-_.])m(?:ax|in)[-_.]|column|param$|(?:c|x)srf(?!.?secret)|authenticity|nonce|next_?token|page_?token|continuation|pagination|cursor|cache|primary|foreign|partition|sort_?key|site_?key|sitekey|measurement|version|enabled|required|count|index|limit|prefix|suffix|header_?name|_name$|name$|[a-z]Id$|_id$|-id$|arn$|ref$|alg(?:orithm)?$|tokeniz|tokens?_?(?:used|per|count)|message|title|description|text$|error|keyboard|keyword|keyframe|translat|locale|i18n|encrypted|sealed|commit|revision|uuid|guid|lookup|selector|example|mock|dummy|fake|validator|credentials?_?(?:provider|source|mode)|strength|confirm|forgot|change|author(?!iz)|bypass|compass|surpass|passive|passion|passthrough|pass_?through|passed|passing|passenger|passport))';

export const genericRules = defineRules([
  {
    id: 'generic-password',
    title: 'Password',
    keywords: ['pass', 'pwd["\'=: _>]', '[_-]pwd', '[_-]pw["\'=: ]', 'bindpw'],
    assigned: true,
    name: `^${notSecret}.*(?:passw|passphrase|(?:^|[-_.])pass(?:$|[-_.])|(?:db|pg|user|smtp|ftp|admin|root|my|mysql|sql|mongo|mail|imap|mqtt|amqp|kafka|ldap|bind|login|proxy|redis|auth|http|sudo|ssh|vnc|wifi|app|svc|key|store|cert)pass$|pwd|[-_]pw$|bindpw)`,
    pattern: '[^\\s"\'`]{8,200}',
    checks: ['password-like'],
    samples: {
      true: ['db_password = "{password}"', 'DB_PASS="{password}"'],
      false: [
        'password = "password"',
        'password_hash = "{hex:40}"',
        'password: "${DB_PASSWORD}"',
        'password = "changeme123"',
        'db_password = "********"',
      ],
    },
  },
  {
    id: 'generic-secret',
    title: 'Secret',
    keywords: ['secret'],
    assigned: true,
    name: `^${notSecret}.*secret`,
    pattern: '[^\\s"\'`]{10,2000}',
    checks: ['token-like'],
    samples: {
      true: ['client_secret = "{a62:32}"'],
      false: ['client_secret = "{uuid}"', 'secret_name = "{a62:32}"', 'secret = "my-secret-value"'],
    },
  },
  {
    id: 'generic-token',
    title: 'Token',
    keywords: ['token'],
    assigned: true,
    name: `^${notSecret}.*token`,
    pattern: '[^\\s"\'`]{16,2000}',
    checks: ['token-like'],
    samples: {
      true: ['service_token = "{a62:40}"'],
      false: ['next_page_token = "{a62:40}"', 'token = "test-token-1234567890"'],
    },
  },
  {
    id: 'generic-api-key',
    title: 'API key',
    keywords: ['api_key', 'apikey', 'api-key', 'api.key'],
    assigned: true,
    name: `^${notSecret}.*api[-_.]?key`,
    pattern: '[^\\s"\'`]{12,400}',
    checks: ['token-like'],
    samples: {
      true: ['service_api_key = "{a62:32}"', 'X-Api-Key: "{hex:40}"'],
      false: ['api_key = "YOUR_API_KEY"', 'api_key_hash = "{hex:40}"'],
    },
  },
  {
    id: 'generic-uuid-key',
    title: 'API key that is a UUID',
    severity: 'medium',
    keywords: [
      'api_key',
      'apikey',
      'api-key',
      'api.key',
      'api_token',
      'apitoken',
      'api-token',
      'access_token',
      'accesstoken',
      'auth_token',
      'authtoken',
    ],
    assigned: true,
    name: `^${notSecret}.*(?:api[-_.]?(?:key|token)|(?:access|auth)[-_.]?token)$`,
    pattern: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    ignoreCase: true,
    checks: ['random'],
    samples: {
      true: ['service_api_key = "{uuid}"', 'API_TOKEN="{uuid}"'],
      false: ['api_key_id = "{uuid}"', 'api_key = "00000000-0000-0000-0000-000000000000"', 'token = "{uuid}"'],
    },
  },
  {
    id: 'generic-key',
    title: 'Secret key',
    severity: 'medium',
    keywords: ['[_.-]key', 'key["\'=: >\\\\]'],
    assigned: true,
    name: `^${notSecret}.*(?:access|private|encrypt|encryption|decrypt|signing|sign|master|auth|service|shared|account|license|hmac|webhook|deploy|admin|root|client|consumer|subscription|write|app|application|session|storage|jwt|cipher|aes|crypto|server|management|ingest|instrumentation|ssh|vendor|partner|host|function|ssl|tls)[-_.]?keys?$`,
    pattern: '[^\\s"\'`]{16,400}',
    checks: ['token-like'],
    entropy: 3.2,
    samples: { true: ['encryption_key = "{a62:32}"'], false: ['cache_key = "{a62:32}"', 'primary_key = "{a62:32}"'] },
  },
  {
    id: 'generic-auth',
    title: 'Credential',
    severity: 'medium',
    keywords: ['auth', 'credential', 'creds["\'=: _>]'],
    assigned: true,
    name: `^${notSecret}.*(?:(?:^|[-_.])auth(?:$|[-_.](?:code|value|string|data))|credentials?$|creds$|authorization$|x-auth)`,
    pattern: '[^\\s"\'`]{16,400}',
    checks: ['token-like'],
    entropy: 3.5,
    samples: { true: ['service_auth = "{a62:32}"'], false: ['auth = "oauth2-authorization-code"'] },
  },
]);
