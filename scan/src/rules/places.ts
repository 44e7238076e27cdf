// Passwords and keys known by the command, the call or the setting that they are given to.

import { defineRules } from '../rule.ts';

/** A word of a command line that is no variable: in group 1, quotes left out. */
const word = '["\']?([^\\s"\'`$<>|;&]{6,200})';

/** One argument of a call, of those before the password. */
const argument = '\\s{0,40}(?:"[^"\\n]{0,200}"|\'[^\'\\n]{0,200}\'|[\\w$.]{1,80})\\s{0,4}';

export const placesRules = defineRules([
  {
    id: 'docker-login-password',
    title: 'Password on a docker login command line',
    confidence: 'structured',
    keywords: ['docker login', 'podman login', 'buildah login'],
    pattern: `(?:docker|podman|buildah) login[^\\n|;&]{0,200}?[ \\t](?:-p|--password)[ =]${word}`,
    right: '',
    checks: ['password-like'],
    samples: {
      true: ['docker login -u ci -p {password} registry.acme.test', 'docker login --password={a62:20} -u ci'],
      false: ['docker login -u ci -p $PASSWORD', 'docker login --password-stdin -u ci < file'],
    },
  },
  {
    id: 'redis-cli-password',
    title: 'Password on a redis-cli command line',
    confidence: 'structured',
    keywords: ['redis-cli'],
    pattern: `redis-cli[^\\n|;&]{0,200}?[ \\t](?:-a|--pass)[ =]${word}`,
    right: '',
    checks: ['password-like'],
    samples: { true: ['redis-cli -h cache -a {a62:24} ping'], false: ['redis-cli -a "$REDIS_PASSWORD" ping'] },
  },
  {
    id: 'openssl-password',
    title: 'Password on an openssl command line',
    confidence: 'structured',
    keywords: ['pass:'],
    pattern: `pass:${word}`,
    near: 'openssl|[\\s"\']-pass(?:in|out)?\\b',
    checks: ['password-like'],
    samples: {
      true: ['openssl pkcs12 -in x.p12 -passin pass:{password}'],
      false: ['openssl rsa -passin pass:$PASS', 'openssl enc -pass pass:changeit', '.icon-pass:before,.icon-a1:before{'],
    },
  },
  {
    id: 'requests-auth',
    title: 'User and password given to an HTTP client',
    confidence: 'structured',
    keywords: ['auth=(', 'auth = (', 'HTTPBasicAuth('],
    pattern:
      '(?:auth ?= ?|HTTPBasicAuth)\\(\\s{0,20}[bru]?["\'][^"\'\\n]{1,80}["\'],\\s{0,20}[bru]?["\']([^\\s"\']{8,200})["\']\\s{0,20}\\)',
    left: 'A-Za-z0-9',
    right: '',
    checks: ['password-like'],
    samples: {
      true: ["requests.get(url, auth=('svc', '{password}'))", 'HTTPBasicAuth("svc", "{a62:24}")'],
      false: ["requests.get(url, auth=('user', 'password'))", 'auth=(user, password)'],
    },
  },
  {
    id: 'connect-call-password',
    title: 'Password in a call that connects',
    confidence: 'structured',
    keywords: ['NetworkCredential(', 'getConnection(', 'mysqli_connect(', 'mysqli(', 'PDO(', 'smtp.login(', 'ftp.login('],
    pattern: `(?:(?:NetworkCredential|(?:smtp|ftp)\\.login)\\(|(?:getConnection|mysqli(?:_connect)?|PDO)\\(${argument},)${argument},\\s{0,40}["']([^\\s"']{8,200})["']`,
    left: '',
    right: '',
    checks: ['password-like'],
    samples: {
      true: [
        'new NetworkCredential("svc", "{password}")',
        'DriverManager.getConnection(url, "svc", "{a62:20}");',
        "new PDO($dsn, 'svc', '{password}');",
        'mysqli_connect("db", "svc", "{a62:20}", "shop");',
        "smtp.login('ci@acme.test', '{password}')",
      ],
      false: [
        'new NetworkCredential("user", "password")',
        'DriverManager.getConnection(url, "svc", password);',
        "new PDO($dsn, 'svc', getenv('DB_PASSWORD'));",
      ],
    },
  },
  {
    id: 'command-line-password',
    title: 'Password on a command line',
    confidence: 'structured',
    keywords: ['sqlcmd ', 'mongo ', 'mongosh ', 'mongodump ', 'mongorestore ', 'ldapsearch ', 'ldapadd ', 'ldapmodify ', 'htpasswd ', 'net user ', '--proxy-user'],
    pattern: `(?:sqlcmd[^\\n|;&]{0,200}?[ \\t]-P[ \\t]?|mongo(?:sh|dump|restore)?[ \\t][^\\n|;&]{0,200}?[ \\t](?:-p|--password)[ =]|ldap(?:search|add|modify)[ \\t][^\\n|;&]{0,200}?[ \\t]-w[ \\t]|htpasswd[ \\t]{1,3}-[a-zA-Z]{0,4}b[a-zA-Z]{0,4}[ \\t]{1,3}\\S{1,80}[ \\t]{1,3}\\S{1,80}[ \\t]{1,3}|net user[ \\t]{1,3}\\S{1,80}[ \\t]{1,3}|--proxy-user[ =]["']?[^\\s:"'$]{1,80}:)${word}`,
    left: '',
    right: '',
    checks: ['password-like'],
    samples: {
      true: [
        'sqlcmd -S db -U sa -P {password}',
        'mongo --host db -u root -p {a62:20} admin',
        'ldapsearch -x -D "cn=admin" -w {password}',
        'htpasswd -b .htpasswd admin {a62:16}',
        'net user deploy {password} /add',
        'curl --proxy-user svc:{a62:16} https://acme.test',
      ],
      false: [
        'sqlcmd -S db -U sa -P "$SA_PASSWORD"',
        'mongo -u root -p password admin',
        'ldapsearch -x -w "$PASS"',
        'htpasswd -bc file user password',
      ],
    },
  },
  {
    id: 'go-mysql-dsn',
    title: 'Password in a Go MySQL data source name',
    confidence: 'structured',
    keywords: ['@tcp(', '@unix('],
    pattern: '[A-Za-z0-9_.%-]{1,64}:([A-Za-z0-9_.!#$%^&*+=?~-]{6,100})@(?:tcp|unix)\\(',
    lead: { chars: 'A-Za-z0-9_.:!#$%^&*+=?~-', max: 164 },
    left: '',
    right: '',
    checks: ['url-password'],
    samples: {
      true: ['"svc:{a62:20}@tcp(db.acme.test:3306)/app"'],
      false: ['"user:password@tcp(localhost:3306)/app"', '"%s:%s@tcp(%s)/%s"'],
    },
  },
  {
    id: 'oracle-thin-password',
    title: 'Password in an Oracle JDBC address',
    confidence: 'structured',
    keywords: ['oracle:thin:', 'oracle:oci:'],
    pattern: 'oracle:(?:thin|oci):[A-Za-z0-9_$#.-]{1,60}/([^\\s"\'@/<>{}]{6,100})@',
    right: '',
    checks: ['url-password'],
    samples: {
      true: ['jdbc:oracle:thin:svc/{a62:20}@db.acme.test:1521:ORCL'],
      false: ['jdbc:oracle:thin:scott/${PASSWORD}@db:1521:X', 'jdbc:oracle:thin:@db:1521:X'],
    },
  },
  {
    id: 'directive-password',
    title: 'Password in the configuration of a server',
    confidence: 'structured',
    keywords: ['bindpw ', 'bindpw\t', 'rootpw ', 'rootpw\t', 'requirepass ', 'masterauth '],
    pattern: '(?:bindpw|rootpw|requirepass|masterauth)[ \\t]{1,20}["\']?([^\\s"\'${}<>]{6,200})',
    right: '',
    checks: ['password-like'],
    samples: {
      true: ['bindpw {password}', 'requirepass {a62:32}'],
      false: ['rootpw {SSHA}{base64:32}', 'requirepass foobared', 'bindpw ${LDAP_PASSWORD}'],
    },
  },
  {
    id: 'wifi-passphrase',
    title: 'Passphrase of a wireless network',
    keywords: ['psk=', 'psk =', 'wpa_passphrase'],
    assigned: true,
    name: '^(?:psk|wpa_passphrase|wpa_psk|wifi[-_.]security\\.psk)$',
    pattern: '[^\\s"\'`]{8,64}',
    checks: ['password-like'],
    samples: { true: ['psk="{password}"', 'wpa_passphrase="{a62:20}"'], false: ['psk="password"', 'psk = "${PSK}"'] },
  },
  {
    id: 'jwk-private-key',
    title: 'Private part of a JSON Web Key',
    severity: 'critical',
    keywords: ['"d":"', '"d": "', '"d" : "'],
    pattern: '"d" ?: ?"([A-Za-z0-9_-]{32,1400})"',
    left: '',
    right: '',
    near: '"kty"|"crv"|"e" ?: ?"AQAB"|"dp"|"dq"|"qi"',
    entropy: 4,
    samples: {
      true: ['{"kty":"EC","crv":"P-256","d":"{url:43}"}', '{"e": "AQAB", "d": "{url:342}", "p": "x"}'],
      false: ['{"d":"{url:43}"}', '{"kty":"EC","crv":"P-256","x":"{url:43}"}'],
    },
  },
  {
    id: 'approle-secret-id',
    title: 'Secret ID of a Vault AppRole',
    keywords: ['secret_id', 'secretId'],
    assigned: true,
    name: '^(?:vault[-_.]|approle[-_.]|role[-_.])*secret[-_]?id$',
    pattern: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    checks: ['random'],
    samples: {
      true: ['secret_id = "{uuid}"', 'VAULT_SECRET_ID="{uuid}"'],
      false: ['secret_id = "projects/a/secrets/b"'],
    },
  },
  {
    id: 'yarn-auth-token',
    title: 'Registry token in .yarnrc.yml',
    keywords: ['npmAuthToken', 'npmAuthIdent'],
    assigned: true,
    name: '^npmAuth(?:Token|Ident)$',
    pattern: '[A-Za-z0-9_.=+/:-]{16,2000}',
    entropy: 2.8,
    checks: ['random'],
    samples: { true: ['npmAuthToken: "{uuid}"', 'npmAuthToken: "{a62:40}"'], false: ['npmAuthToken: "${NPM_TOKEN}"'] },
  },
]);
