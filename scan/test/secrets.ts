// Secrets of many kinds, made at run time after the vendors' descriptions and apart from our rules' own patterns.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export type Draw = (limit: number) => number;

/** A repeatable source of numbers (xorshift). */
export function seeded(seed: number): Draw {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digit = '0123456789';
const sets = {
  hex: `${digit}abcdef`,
  a62: digit + upper + lower,
  url: `${digit}${upper}${lower}-_`,
  b64: `${digit}${upper}${lower}+/`,
  up: digit + upper,
  low: digit + lower,
  digit,
  alpha: upper + lower,
  b32: `${upper}234567`,
  bech: 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L',
};

export function text(draw: Draw, set: keyof typeof sets, length: number): string {
  return Array.from({ length }, () => sets[set][draw(sets[set].length)]).join('');
}

export function uuid(draw: Draw): string {
  return [8, 4, 4, 4, 12].map((length) => text(draw, 'hex', length)).join('-');
}

function base62(value: number): string {
  let rest = value;
  let out = '';
  for (let i = 0; i < 6; i++) {
    out = (digit + upper + lower)[rest % 62] + out;
    rest = Math.floor(rest / 62);
  }
  return out;
}

export function crcToken(draw: Draw, prefix: string): string {
  const body = text(draw, 'a62', 30);
  return prefix + body + base62(crc32(body));
}

function jwt(draw: Draw): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: text(draw, 'digit', 8), name: text(draw, 'low', 9), iat: 1_700_000_000 + draw(9_999_999) })}.${text(draw, 'url', 43)}`;
}

export function pem(draw: Draw, label: string, lines = 12): string {
  const body = Array.from({ length: lines }, () => text(draw, 'b64', 64)).join('\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
}

function bech32(draw: Draw): string {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const alphabet = sets.bech.toLowerCase();
  const data = Array.from({ length: 52 }, () => draw(32));
  const prefix = 'age-secret-key-';
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  let sum = 1;
  for (const value of [
    ...codes.map((code) => code >> 5),
    0,
    ...codes.map((code) => code & 31),
    ...data,
    0,
    0,
    0,
    0,
    0,
    0,
  ]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of generators.entries()) if ((top >>> bit) & 1) sum ^= generator;
  }
  sum ^= 1;
  return `${prefix}1${[...data, ...[25, 20, 15, 10, 5, 0].map((shift) => (sum >>> shift) & 31)].map((value) => alphabet[value]).join('')}`.toUpperCase();
}

function grafana(draw: Draw): string {
  const head = `glsa_${text(draw, 'a62', 32)}`;
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(head));
  return `${head}_${sum.toString('hex')}`;
}

function zvault(draw: Draw, prefix: string): string {
  const body = text(draw, 'hex', 32);
  return prefix + body + crc32(body).toString(16).padStart(8, '0');
}

function password(draw: Draw, length = 14): string {
  return `${text(draw, 'a62', 4)}${'!#%^*'[draw(5)]}${text(draw, 'a62', length - 6)}${draw(10)}`;
}

/** How a secret may be written down: `token` alone anywhere, `named` only with a name that tells, `text` as it is. */
export interface Kind {
  readonly id: string;
  readonly style: 'token' | 'named' | 'text';
  /** Names to assign it to. */
  readonly names: readonly string[];
  make(draw: Draw): string;
}

const token = (id: string, names: string, make: (draw: Draw) => string): Kind => ({
  id,
  style: 'token',
  names: names.split(' '),
  make,
});
const named = (id: string, names: string, make: (draw: Draw) => string): Kind => ({
  id,
  style: 'named',
  names: names.split(' '),
  make,
});
const whole = (id: string, make: (draw: Draw) => string): Kind => ({ id, style: 'text', names: [], make });

export const kinds: readonly Kind[] = [
  token('github-pat', 'GITHUB_TOKEN GH_PAT', (d) => crcToken(d, 'ghp_')),
  token('github-oauth', 'GITHUB_OAUTH', (d) => crcToken(d, 'gho_')),
  token('github-user', 'GH_USER_TOKEN', (d) => crcToken(d, 'ghu_')),
  token('github-refresh', 'GH_REFRESH', (d) => crcToken(d, 'ghr_')),
  token('github-app', 'GH_APP', (d) => crcToken(d, 'ghs_')),
  token('github-app-2026', 'GH_INSTALLATION', (d) => `ghs_${text(d, 'digit', 7)}_${jwt(d)}`),
  token('github-fine', 'GITHUB_TOKEN', (d) => `github_pat_${text(d, 'a62', 22)}_${text(d, 'a62', 59)}`),
  token('gitlab-pat', 'GITLAB_TOKEN', (d) => `glpat-${text(d, 'url', 20)}`),
  token('gitlab-routable', 'GITLAB_TOKEN', (d) => `glpat-${text(d, 'url', 40)}.01.${text(d, 'low', 9)}`),
  token('gitlab-runner', 'RUNNER', (d) => `glrt-${text(d, 'url', 20)}`),
  token('gitlab-deploy', 'DEPLOY', (d) => `gldt-${text(d, 'url', 20)}`),
  token('aws-id', 'AWS_ACCESS_KEY_ID aws_access_key_id', (d) => `AKIA${text(d, 'b32', 16)}`),
  named('aws-secret', 'AWS_SECRET_ACCESS_KEY aws_secret_access_key secretAccessKey', (d) => text(d, 'b64', 40)),
  token('bedrock', 'BEDROCK_KEY', (d) => `ABSK${text(d, 'b64', 128)}`),
  token('gcp-api', 'GOOGLE_API_KEY', (d) => `AIza${text(d, 'url', 35)}`),
  token('gemini', 'GEMINI_API_KEY', (d) => `AQ.Ab8RN6${text(d, 'url', 44)}`),
  token('gcp-oauth', 'GOOGLE_CLIENT_SECRET', (d) => `GOCSPX-${text(d, 'url', 28)}`),
  token('ya29', 'ACCESS_TOKEN', (d) => `ya29.${text(d, 'url', 120)}`),
  token('azure-ad', 'AZURE_CLIENT_SECRET', (d) => `${text(d, 'a62', 3)}${d(10)}Q~${text(d, 'a62', 34)}`),
  whole(
    'azure-storage',
    (d) =>
      `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${randomFrom(d, 64).toString('base64')};EndpointSuffix=core.windows.net`,
  ),
  token('azdo', 'AZURE_DEVOPS_PAT', (d) => `${text(d, 'a62', 76)}AZDO${text(d, 'a62', 4)}`),
  whole(
    'servicebus',
    (d) =>
      `Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${randomFrom(d, 32).toString('base64')}`,
  ),
  token(
    'slack-bot',
    'SLACK_TOKEN',
    (d) => `xoxb-${text(d, 'digit', 12)}-${text(d, 'digit', 13)}-${text(d, 'a62', 24)}`,
  ),
  token(
    'slack-user',
    'SLACK_TOKEN',
    (d) => `xoxp-${text(d, 'digit', 12)}-${text(d, 'digit', 12)}-${text(d, 'digit', 13)}-${text(d, 'hex', 32)}`,
  ),
  token('slack-app', 'SLACK_APP', (d) => `xapp-1-A0${text(d, 'up', 9)}-${text(d, 'digit', 13)}-${text(d, 'hex', 64)}`),
  token(
    'slack-hook',
    'SLACK_URL',
    (d) => `https://hooks.slack.com/services/T${text(d, 'up', 8)}/B${text(d, 'up', 10)}/${text(d, 'a62', 24)}`,
  ),
  token('stripe-live', 'STRIPE_SECRET_KEY', (d) => `sk_live_${text(d, 'a62', 24 + d(75))}`),
  token('stripe-rk', 'STRIPE_KEY', (d) => `rk_live_${text(d, 'a62', 24)}`),
  token('openai', 'OPENAI_API_KEY', (d) => `sk-proj-${text(d, 'url', 74)}T3BlbkFJ${text(d, 'url', 74)}`),
  token('openai-old', 'OPENAI_API_KEY', (d) => `sk-${text(d, 'a62', 20)}T3BlbkFJ${text(d, 'a62', 20)}`),
  token('anthropic', 'ANTHROPIC_API_KEY', (d) => `sk-ant-api03-${text(d, 'url', 93)}AA`),
  token('hf', 'HF_TOKEN', (d) => `hf_${text(d, 'alpha', 34)}`),
  token('groq', 'GROQ_API_KEY', (d) => `gsk_${text(d, 'a62', 52)}`),
  token('xai', 'XAI_API_KEY', (d) => `xai-${text(d, 'a62', 80)}`),
  token('pplx', 'PPLX', (d) => `pplx-${text(d, 'a62', 48)}`),
  token('openrouter', 'OPENROUTER', (d) => `sk-or-v1-${text(d, 'hex', 64)}`),
  token('replicate', 'REPLICATE_API_TOKEN', (d) => `r8_${text(d, 'a62', 37)}`),
  token('npm', 'NPM_TOKEN', (d) => crcToken(d, 'npm_')),
  whole('npmrc', (d) => `//registry.acme.test/:_authToken=${uuid(d)}`),
  token('pypi', 'PYPI_TOKEN', (d) => `pypi-AgEIcHlwaS5vcmc${text(d, 'url', 120)}`),
  token('rubygems', 'GEM', (d) => `rubygems_${text(d, 'hex', 48)}`),
  token('nuget', 'NUGET_KEY', (d) => `oy2${text(d, 'low', 43)}`),
  token('cargo', 'CARGO_REGISTRY_TOKEN', (d) => `cio${text(d, 'a62', 32)}`),
  token('clojars', 'CLOJARS', (d) => `CLOJARS_${text(d, 'low', 60)}`),
  token('dockerhub', 'DOCKER_PAT', (d) => `dckr_pat_${text(d, 'url', 27)}`),
  token('sendgrid', 'SENDGRID_API_KEY', (d) => `SG.${text(d, 'url', 22)}.${text(d, 'url', 43)}`),
  token('twilio', 'TWILIO_API_KEY', (d) => `SK${text(d, 'hex', 32)}`),
  token('mailgun', 'MAILGUN_KEY', (d) => `key-${text(d, 'hex', 32)}`),
  token('mailchimp', 'MAILCHIMP_KEY', (d) => `${text(d, 'hex', 32)}-us${1 + d(20)}`),
  token('brevo', 'BREVO', (d) => `xkeysib-${text(d, 'hex', 64)}-${text(d, 'a62', 16)}`),
  token('digitalocean', 'DO_TOKEN', (d) => `dop_v1_${text(d, 'hex', 64)}`),
  token('heroku', 'HEROKU_API_KEY', (d) => `HRKU-AA${text(d, 'url', 58)}`),
  token('fly', 'FLY', (d) => `fm2_${text(d, 'b64', 160)}`),
  token('netlify', 'NETLIFY', (d) => `nfp_${text(d, 'a62', 36)}`),
  token('vercel', 'VERCEL_TOKEN', (d) => `vcp_${text(d, 'a62', 56)}`),
  token('cloudflare-ca', 'CF_CA', (d) => `v1.0-${text(d, 'hex', 24)}-${text(d, 'hex', 146)}`),
  named('cloudflare', 'CLOUDFLARE_API_TOKEN', (d) => text(d, 'url', 40)),
  token('databricks', 'DATABRICKS_TOKEN', (d) => `dapi${text(d, 'hex', 32)}`),
  token('doppler', 'DOPPLER_TOKEN', (d) => `dp.pt.${text(d, 'a62', 43)}`),
  token('vault', 'VAULT_TOKEN', (d) => `hvs.${text(d, 'url', 92)}`),
  named('vault-legacy', 'VAULT_TOKEN', (d) => `s.${text(d, 'a62', 24)}`),
  token('tfc', 'TFE_TOKEN', (d) => `${text(d, 'a62', 14)}.atlasv1.${text(d, 'a62', 67)}`),
  token('pulumi', 'PULUMI_ACCESS_TOKEN', (d) => `pul-${text(d, 'hex', 40)}`),
  token(
    'onepassword',
    'OP_SERVICE_ACCOUNT_TOKEN',
    (d) =>
      `ops_${Buffer.from(JSON.stringify({ signInAddress: 'my.1password.test', userAuth: { method: 'SRPg-4096' }, email: text(d, 'low', 20), srpX: text(d, 'hex', 64), secretKey: text(d, 'up', 34), muk: text(d, 'url', 60) })).toString('base64')}`,
  ),
  token('age', 'AGE_KEY', bech32),
  token('shopify', 'SHOPIFY', (d) => `shpat_${text(d, 'hex', 32)}`),
  token('square', 'SQUARE', (d) => `sq0atp-${text(d, 'url', 22)}`),
  token('grafana', 'GRAFANA', grafana),
  token(
    'grafana-cloud',
    'GRAFANA_CLOUD',
    (d) =>
      `glc_${Buffer.from(JSON.stringify({ o: text(d, 'digit', 6), n: 'name', k: text(d, 'a62', 24), m: { r: 'us' } })).toString('base64')}`,
  ),
  token('atlassian', 'JIRA_TOKEN', (d) => `ATATT3${text(d, 'url', 186)}`),
  token('bitbucket', 'BB_APP_PASSWORD', (d) => {
    const head = `ATBB${text(d, 'a62', 24)}`;
    return head + crc32(head).toString(16).padStart(8, '0').toUpperCase();
  }),
  token('linear', 'LINEAR_KEY', (d) => `lin_api_${text(d, 'a62', 40)}`),
  token('notion', 'NOTION', (d) => `ntn_${text(d, 'digit', 11)}${text(d, 'a62', 35)}`),
  token('figma', 'FIGMA', (d) => `figd_${text(d, 'url', 40)}`),
  token('postman', 'POSTMAN', (d) => `PMAK-${text(d, 'hex', 24)}-${text(d, 'hex', 34)}`),
  token('newrelic', 'NEW_RELIC', (d) => `NRAK-${text(d, 'up', 27)}`),
  token('dynatrace', 'DT', (d) => `dt0c01.${text(d, 'up', 24)}.${text(d, 'up', 64)}`),
  token('sentry', 'SENTRY_AUTH_TOKEN', (d) => `sntryu_${text(d, 'hex', 64)}`),
  token('supabase', 'SUPABASE_ACCESS_TOKEN', (d) => `sbp_${text(d, 'hex', 40)}`),
  token('planetscale', 'PSCALE', (d) => `pscale_tkn_${text(d, 'url', 43)}`),
  token('circleci', 'CIRCLE_TOKEN', (d) => `CCIPAT_${text(d, 'a62', 22)}_${text(d, 'hex', 40)}`),
  token('buildkite', 'BUILDKITE', (d) => `bkua_${text(d, 'low', 40)}`),
  token('atlas', 'ATLAS', (d) => `mdb_sa_sk_${text(d, 'url', 40)}`),
  token(
    'discord-hook',
    'DISCORD_URL',
    (d) => `https://discord.com/api/webhooks/1${text(d, 'digit', 17)}/${text(d, 'url', 68)}`,
  ),
  token(
    'teams',
    'TEAMS_URL',
    (d) =>
      `https://acme.webhook.office.com/webhookb2/${uuid(d)}@${uuid(d)}/IncomingWebhook/${text(d, 'hex', 32)}/${uuid(d)}`,
  ),
  token('telegram', 'TELEGRAM_BOT_TOKEN', (d) => `${1 + d(9)}${text(d, 'digit', 9)}:A${text(d, 'url', 34)}`),
  token('jwt', 'SESSION', jwt),
  whole('pem', (d) =>
    pem(
      d,
      ['RSA PRIVATE KEY', 'EC PRIVATE KEY', 'PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'][d(5)] ?? '',
      4 + d(20),
    ),
  ),
  whole('gcp-json', (d) =>
    JSON.stringify(
      {
        type: 'service_account',
        project_id: 'acme',
        private_key_id: text(d, 'hex', 40),
        private_key: `${pem(d, 'PRIVATE KEY', 20)}\n`,
        client_email: 'x@acme.iam.gserviceaccount.com',
        auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      },
      undefined,
      2,
    ),
  ),
  token(
    'postgres-url',
    'DATABASE_URL',
    (d) => `postgres://svc_${text(d, 'low', 4)}:${text(d, 'a62', 16)}@db${d(9)}.acme.test:5432/app`,
  ),
  token('mongo-url', 'MONGO_URL', (d) => `mongodb+srv://svc:${text(d, 'a62', 20)}@c${d(9)}.acme.test/app`),
  token('redis-url', 'REDIS_URL', (d) => `redis://:${text(d, 'a62', 24)}@cache.acme.test:6379/0`),
  token('https-url', 'REMOTE', (d) => `https://deploy:${text(d, 'a62', 20)}@git.acme.test/app.git`),
  whole(
    'basic',
    (d) => `Authorization: Basic ${Buffer.from(`svc-${text(d, 'low', 4)}:${text(d, 'a62', 18)}`).toString('base64')}`,
  ),
  whole('bearer', (d) => `curl -H "Authorization: Bearer ${text(d, 'url', 40)}" https://api.acme.test`),
  named('generic-password', 'DB_PASSWORD password smtpPassword admin_password', (d) => password(d, 12 + d(8))),
  named('generic-secret', 'CLIENT_SECRET app_secret sessionSecret', (d) => text(d, 'a62', 24 + d(24))),
  named('generic-hex', 'API_KEY secret_key auth_token', (d) => text(d, 'hex', [32, 40, 64][d(3)] ?? 32)),
  named('generic-base64', 'ENCRYPTION_KEY signing_key', (d) => randomFrom(d, 32).toString('base64')),
  token('zvt', 'ZVAULT_TOKEN', (d) => zvault(d, 'zvt_')),
  token('zvr', 'ZVAULT_TOKEN', (d) => zvault(d, 'zvr_')),
  token('zvt-old', 'ZVAULT_TOKEN', (d) => `zvt_${text(d, 'hex', 32)}`),
];

export function randomFrom(draw: Draw, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => draw(256)));
}

export function sha256Hex(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
