// Offline checks: whether a text that has a token's shape can be one. Each is a pure function of the secret's text.

import { shannonEntropy } from '../engine/entropy.ts';
import { looksRandom } from '../engine/words.ts';
import { isPlaceholder } from '../engine/placeholder.ts';
import { isBech32 } from './bech32.ts';
import { crc32Base36, crc32Base62, crc32Hex, crc32HexLittleEndian } from './crc32.ts';
import { passwordLike, plainLetters, tokenLike } from './generic.ts';

export const checks = {
  /** GitHub, npm: the last six characters are the checksum of what stands between them and the prefix. */
  'crc32-base62': (text) => {
    const body = text.slice(text.indexOf('_') + 1);
    return crc32Base62(body.slice(0, -6)) === body.slice(-6);
  },
  /** zvault: eight hex digits after 32. */
  'crc32-zvault': (text) => crc32Hex(text.slice(4, 36)) === text.slice(36),
  /** Grafana. Source: https://github.com/grafana/grafana/blob/main/pkg/components/satokengen/satokengen.go */
  'crc32-grafana': (text) => crc32HexLittleEndian(text.slice(0, -9)) === text.slice(-8).toLowerCase(),
  /** Bitbucket's app passwords: the checksum of all that stands before it. */
  'crc32-tail': (text) => crc32Hex(text.slice(0, -8)) === text.slice(-8).toLowerCase(),
  /** Atlassian's long tokens end in `=` and the same checksum; one without that tail is of an older or cut form. */
  'crc32-atlassian': (text) =>
    !/=[0-9A-Fa-f]{8}$/.test(text) || crc32Hex(text.slice(0, -8)).toUpperCase() === text.slice(-8),
  /** GitLab: seven base-36 digits, the checksum of all that stands before them, where the payload's length is the one it says. */
  'crc32-gitlab': (text) => !hasOwnLength(text) || crc32Base36(text.slice(0, -7)) === text.slice(-7),
  bech32: isBech32,
  /** The header is a JSON object that names an algorithm, the payload an object. */
  jwt: (text) => isJwt(text),
  'jwt-base64': (text) => isJwt(Buffer.from(text, 'base64').toString('latin1')),
  /** Base64 of 64 bytes: the keys of Azure's storage accounts. */
  'base64-64': (text) => Buffer.from(text, 'base64').length === 64,
  /** Base64 of `user:password` in printable characters. */
  basic: (text) => {
    const parts = /^([^\x00-\x1f\x7f-\xff:]{1,128}):([^\x00-\x1f\x7f-\xff]{3,256})$/.exec(
      Buffer.from(text, 'base64').toString('latin1'),
    );
    return parts !== null && !isWeak(parts[2] ?? '', parts[1]);
  },
  /** Base64 of a password, a token or bytes drawn by chance. */
  'base64-secret': (text) => {
    const decoded = Buffer.from(text, 'base64');
    const plain = decoded.toString('latin1').trimEnd();
    if (/^[\x20-\x7e]+$/.test(plain)) return passwordLike(plain) || tokenLike(plain);
    return decoded.length >= 16 && shannonEntropy(plain) >= 3.5 && !/[\n\0]/.test(plain);
  },
  /** `user:password` of which the password is neither made up nor one of those that everybody has. */
  userinfo: (text) => userinfoOk(text),
  /** A password in a URL. */
  'url-password': (text) => urlPasswordOk(text),
  /** Letters and digits mixed as chance does it. */
  random: (text) => looksRandom(text),
  /** The body of a private key: enough of Base64 in it, no omission marks. */
  pem: (text) => pemOk(text),
  'password-like': passwordLike,
  'token-like': tokenLike,
} as const satisfies Record<string, (text: string) => boolean>;

export type CheckName = keyof typeof checks;

/** GitLab's routable tokens: `prefix` `payload` `.` (version `.`) and the payload's length in two base-36 digits, before the checksum. */
function hasOwnLength(text: string): boolean {
  const parts = /^gl[a-z]{1,6}-(?:t\d_)?([A-Za-z0-9_-]+)\.(?:[0-9a-z]{2}\.)?([0-9a-z]{2})[0-9a-z]{7}$/.exec(text);
  return parts !== null && parts[1]?.length === parseInt(parts[2] ?? '', 36);
}

function isJwt(text: string): boolean {
  const [header = '', payload = ''] = text.split('.');
  const head = jsonOf(header);
  return head !== undefined && typeof head['alg'] === 'string' && jsonOf(payload) !== undefined;
}

function jsonOf(base64: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Passwords of the trial-and-docs kind, lower case. */
const common = new Set(
  (
    'password passwd pass pwd secret root admin administrator user username guest test testing postgres postgresql mysql mongo mongodb redis ' +
    'rabbitmq rabbit sa dev developer local localhost changeme change_me example foo bar baz qwerty 123456 12345678 1234 12345 letmein token key ' +
    'password1 password123 admin123 secret123 pass123 p@ssw0rd passw0rd p@ssword s3cret s3cr3t hunter2 pw abc123 credentials mypassword ' +
    'my_password my-password mysecretpassword my-secret-password userpass yourpassword your_password api_key apikey x-oauth-basic oauth2 x-access-token'
  ).split(' '),
);

/** True for passwords of the trial-and-docs kind, and for one that repeats its user's name. */
function isCommonPassword(password: string, user?: string): boolean {
  const lower = password.toLowerCase();
  // "secret123!" is "secret".
  const stem = lower.length <= 14 ? lower.replace(/[\d!@#$%^&*?._-]+$/, '') : lower;
  return [lower, stem, plainLetters(lower)].some((text) => common.has(text)) || lower === user?.toLowerCase();
}

/** Common, made up, or a word alone, which is an example far more often than a password. */
function isWeak(password: string, user?: string): boolean {
  if (/^(?:[a-z]+(?: [a-z]+)?|[A-Z][a-z]*|[A-Z]+|\d+)$/.test(password) && password.length < 16) return true;
  if (/^(?:[A-Z]+_)+[A-Z]+$|^[a-z]+[_-](?:pass(?:word)?|secret|token)$/.test(password)) return true;
  if (password.length < 24 && plainLetters(password).toLowerCase().includes('passw')) return true;
  return isCommonPassword(password, user) || isPlaceholder(password);
}

function userinfoOk(text: string): boolean {
  const colon = text.indexOf(':');
  const user = text.slice(0, colon);
  const password = text.slice(colon + 1);
  return password.length >= 4 && !isWeak(password, user) && !/^[$%#&*@{[(<]/.test(user);
}

function urlPasswordOk(text: string): boolean {
  let password = text;
  try {
    password = decodeURIComponent(text);
  } catch {
    // A stray percent sign belongs to the password.
  }
  return password.length >= 5 && !isWeak(password);
}

function pemOk(text: string): boolean {
  const body = text.replace(/-----[^-]{1,80}-----/g, '').replace(/\\[nrt]/g, '');
  if (/\.{3}|\u2026|\xe2\x80\xa6|x{8}|\*{4}|redacted|\byour[ _-]|example|placeholder|<[a-z]/i.test(body)) return false;
  const letters = body.replace(/[^A-Za-z0-9+/=]/g, '');
  // A key whose length takes two bytes is longer than a line; documents show its first one.
  if (/^MII[A-Za-z0-9+/]{1,69}$/.test(letters)) return false;
  // 48 bytes is the body of the smallest key in use (Ed25519, PKCS#8).
  return letters.length >= 64 && new Set(letters).size >= 20;
}
