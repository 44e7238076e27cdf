// Values that only their name gives away. The names are judged here, the values in checks/generic.ts.

import { defineRules } from '../rule.ts';

/** Parts of a name that say: this is about a secret, not one. */
const notSecret =
  '(?!.*(?:hash(?!i?corp)|digest|checksum|sha\\d|md5|fingerprint|thumbprint|integrity|etag|public|publishable|pubkey|pub_key|field|label(?!.?studio)|placeholder|hint|length|regex|pattern|policy|prompt|(?<!p)reset|(?<!c)url|uri|endpoint|path|(?<!pro)file|dir$|folder|type$|(?<!in)format|expir|ttl|timeout|(?:^|[-_.])m(?:ax|in)[-_.]|column|param$|(?:c|x)srf(?!.?secret)|authenticity|nonce|next_?token|page_?token|continuation|pagination|cursor|cache|(?:primary|foreign|partition)[-_. ]?key|sort_?key|site_?key|sitekey|measurement|version|enabled|required|(?<!ac|dis)count|index|limit|prefix|suffix|header_?name|_name$|name$|[a-z]Id$|_id$|-id$|arn$|ref$|alg(?:orithm)?$|tokeniz|tokens?_?(?:used|per|count)|jsonwebtoken|message(?!.?(?:bus|bird|broker|queue))|title|description|text$|error|keyboard|keyword|keyframe|translat|locale|i18n|encrypted|sealed|commit|revision|uuid|guid|lookup|selector|example|mock|dummy|fake|validator|credentials?_?(?:provider|source|mode)|strength|confirm|forgot|(?<!ex)change|author(?!iz)))';
/** The same for passwords: they are `hashed` and `encoded`, and many words have `pass` in them. */
const notPassword = `${notSecret}(?!.*(?:bypass|compass|surpass|passive|passion|pass[-_]?through|passed|passing|passenger|passport|encoder|hasher))`;

/** Names for a password in other languages. */
const foreignPassword =
  'senha|kennwort|contrasen|wachtwoord|mot_?de_?passe|haslo|heslo|parola|salasana|jelszo|adgangskode|kodeord|passord|(?:^|[-_.])(?:clave|mdp|sifre|parol)(?:$|[-_.])';

export const genericRules = defineRules([
  {
    id: 'generic-password',
    title: 'Password',
    keywords: [
      'pass',
      'pwd["\'=: _><]',
      '[_-]pwd',
      '[_-]pw["\'=: ]',
      'bindpw',
      'senha',
      'kennwort',
      'contrasen',
      'wachtwoord',
      'motdepasse',
      'mot_de_passe',
      'haslo',
      'heslo',
      'parola',
      'salasana',
      'jelszo',
      'adgangskode',
      'kodeord',
      'clave',
      'sifre',
      '[_-]mdp',
      'mdp["\'=: _><]',
      'psk["\'=: _><]',
      'preshared',
    ],
    assigned: true,
    name: `^${notPassword}.*(?:passw|passphrase|(?:^|[-_.])pass(?:$|[-_.])|(?:db|pg|user|smtp|ftp|admin|root|my|mysql|sql|mongo|mail|imap|mqtt|amqp|kafka|ldap|bind|login|proxy|redis|auth|http|sudo|ssh|vnc|wifi|app|svc|key|store|cert|default|rabbit|rabbitmq|postgres|mariadb|elastic|registry|docker|nexus|jenkins|backup|repl|router|device|master|service|system|client|server)pass$|pwd|[-_]pw$|bindpw|[a-z0-9_.-]psk$|preshared[-_]?key$|${foreignPassword})`,
    pattern: '[^\\s"\'`]{8,200}',
    checks: ['password-like'],
    samples: {
      true: [
        'db_password = "{password}"',
        'DB_PASS="{password}"',
        'SERVICE_ACCOUNT_PASSWORD={password}',
        'exchange_password: {password}',
        'VPN_PSK = "{password}"',
        'HASLO="{password}"',
        'clave_api: {password}',
      ],
      false: [
        'password = "password"',
        'password_hash = "{hex:40}"',
        'password: "${DB_PASSWORD}"',
        'password = "changeme123"',
        'db_password = "********"',
        'db_password = "generate-with-openssl-rand-hex-32"',
        'password_encoder = "{password}"',
        'pass-through-headers: "X-Request-Id,X-Tenant"',
      ],
    },
  },
  {
    id: 'generic-secret',
    title: 'Secret',
    keywords: ['secret', 'pepper', 'segredo', 'geheim', 'schluessel', 'chave', 'jeton'],
    assigned: true,
    name: `^${notSecret}.*(?:secret|pepper$|segredo|geheim|schluessel|(?:^|[-_.])(?:chave|jeton)(?:$|[-_.]))`,
    pattern: '[^\\s"\'`]{10,2000}',
    checks: ['token-like'],
    samples: {
      true: [
        'client_secret = "{a62:32}"',
        'HASHICORP_SECRET={a62:32}',
        'let pepper = env::var("PEPPER").unwrap_or_else(|_| "{hex:64}");',
      ],
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
    keywords: ['api_key', 'apikey', 'api-key', 'api.key', 'api key'],
    assigned: true,
    name: `^${notSecret}.*api[-_. ]?key`,
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
      'bearer_token',
      'bearertoken',
    ],
    assigned: true,
    name: `^${notSecret}.*(?:api[-_.]?(?:key|token)|(?:access|auth|bearer)[-_.]?token)$`,
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
    keywords: [
      '[_.-]key',
      'key["\'=: >\\\\]',
      'encryption key',
      'signing key',
      'master key',
      'secret key',
      'access key',
    ],
    assigned: true,
    name: `^${notSecret}.*(?:access|secret|private|encrypt|encryption|decrypt|fernet|signing|sign|master|auth|service|shared|account|license|hmac|webhook|deploy|admin|root|client|consumer|subscription|write|app|application|session|storage|jwt|cipher|aes|crypto|server|management|ingest|instrumentation|ssh|vendor|partner|host|function|ssl|tls)[-_. ]?keys?$`,
    pattern: '[^\\s"\'`]{16,400}',
    checks: ['token-like'],
    entropy: 3.2,
    // How GnuPG names a key.
    allow: { values: ['^[0-9A-F]{16}(?:[0-9A-F]{24})?!?$'] },
    samples: {
      true: ['encryption_key = "{a62:32}"'],
      false: ['cache_key = "{a62:32}"', 'primary_key = "{a62:32}"', 'signing_key = 9C3E7A1D5B8F2046'],
    },
  },
  {
    id: 'wordpress-secret',
    title: 'Key or salt of WordPress',
    keywords: ['auth_key', 'auth_salt', 'logged_in_key', 'logged_in_salt', 'nonce_key', 'nonce_salt'],
    assigned: true,
    name: '^(?:secure_)?(?:auth|logged_in|nonce)_(?:key|salt)$',
    pattern: '(?=[^\\n]{0,99}\\d)(?![A-Za-z]{1,20} [A-Za-z]{1,20} )[\\x20-\\x7e]{32,100}',
    entropy: 3.4,
    samples: {
      true: ["define('AUTH_SALT', '{hex:48}');", "define( 'SECURE_AUTH_KEY',  '{base64:43}=' );"],
      false: ["define('AUTH_KEY', 'put your unique phrase here');"],
    },
  },
  {
    id: 'generic-auth',
    title: 'Credential',
    severity: 'medium',
    keywords: ['auth', 'credential', 'creds["\'=: _><]'],
    assigned: true,
    name: `^${notSecret}.*(?:(?:^|[-_.])auth(?:$|[-_.](?:code|value|string|data))|credentials?$|creds$|authorization$|x-auth)`,
    pattern: '[^\\s"\'`]{16,400}',
    checks: ['token-like'],
    entropy: 3.5,
    samples: { true: ['service_auth = "{a62:32}"'], false: ['auth = "oauth2-authorization-code"'] },
  },
]);
