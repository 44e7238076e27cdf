// True and false samples of a rule. Templates mix plain text with `{kind:length}`; `{match}` is made from the rule's pattern and
// brought in line with the rule's checks, and the false samples break just that.

import { bech32Checksum } from '../checks/bech32.ts';
import { crc32Base36, crc32Base62, crc32Hex, crc32HexLittleEndian } from '../checks/crc32.ts';
import { type CheckName, checks } from '../checks/index.ts';
import { shannonEntropy } from '../engine/entropy.ts';
import { plainKeyword } from '../engine/keyword.ts';
import { isPlaceholder } from '../engine/placeholder.ts';
import type { Rule } from '../rule.ts';
import { type Random, alphabets, generateMatch } from './generate.ts';

export interface Samples {
  /** Texts in each of which the rule finds one secret. */
  readonly true: readonly string[];
  /** Texts in which no rule finds anything. */
  readonly false: readonly string[];
}

/** Samples of the rule, new ones with each call. */
export function samplesOf(rule: Rule, random: Random): Samples {
  const given = rule.samples ?? {};
  const render = (template: string): string => renderTemplate(template, rule, random);
  const truthful = (given.true ?? ['{match}', '{match}']).map(render);
  return { true: truthful, false: [...(given.false ?? []).map(render), ...damaged(rule, random)] };
}

/** One text that the rule's pattern matches and that passes its checks, with the name of an assigned rule before it. */
export function matchOf(rule: Rule, random: Random): string {
  for (let attempt = 0; attempt < 400; attempt++) {
    const secret = forge(generateMatch(rule.pattern, random), rule, random);
    const found = new RegExp(`^(?:${rule.pattern})$`, rule.ignoreCase === true ? 'i' : '').exec(secret);
    if (found === null) continue;
    const value = found[1] ?? secret;
    if (rule.anyValue !== true && isPlaceholder(value)) continue;
    if (shannonEntropy(value) < (rule.entropy ?? 0) || !(rule.checks ?? []).every((name) => checks[name](value)))
      continue;
    if (rule.allow?.values?.some((allowed) => new RegExp(allowed).test(value)) === true) continue;
    return rule.assigned === true ? `${nameFor(rule)} = "${secret}"` : secret;
  }
  throw new Error(`rule "${rule.id}": no sample could be made from its pattern`);
}

/** A name that an assigned rule listens to. */
function nameFor(rule: Rule): string {
  const name = rule.name === undefined ? undefined : new RegExp(rule.name, 'i');
  for (const keyword of rule.keywords) {
    const stem = plainKeyword(keyword)
      .replace(/[^a-z0-9_]+$/i, '')
      .replace(/^[^a-z0-9]+/i, '');
    for (const suffix of [
      '',
      '_token',
      '_secret',
      '_key',
      '_private_key',
      '_access_key',
      '_client_secret',
      '_consumer_key',
      '_auth',
    ]) {
      const candidate = `${stem.replace(/_$/, '')}${suffix}`;
      if (candidate.includes(stem) && (name === undefined || name.test(candidate))) return candidate;
    }
  }
  return plainKeyword(rule.keywords[0] ?? 'x');
}

/** A made-up text of the rule's shape: all letters and digits of the random part are `x`, or the checksum is wrong. */
function damaged(rule: Rule, random: Random): string[] {
  if (rule.confidence === 'generic' && rule.samples !== undefined) return [];
  const texts: string[] = [];
  if ((rule.checks ?? []).some((name) => name in brokenBy) && rule.samples === undefined) {
    const whole = matchOf(rule, random);
    texts.push(
      whole.replace(/([A-Za-z0-9])(?=[^A-Za-z0-9]*$)/, (last) =>
        last === 'a'
          ? 'b'
          : last === '2'
            ? '3'
            : /\d/.test(last)
              ? '2'
              : /[A-Z]/.test(last)
                ? last === 'A'
                  ? 'C'
                  : 'A'
                : 'a',
      ),
    );
  }
  const keyword = rule.keywords.find((text) => plainKeyword(text) === text);
  if (rule.assigned !== true && rule.lead === undefined && keyword !== undefined && /[_-]$/.test(keyword))
    texts.push(`${keyword}${'x'.repeat(40)}`, keyword);
  return texts;
}

/** Checks that one wrong character breaks. */
const brokenBy: Partial<Record<CheckName, true>> = {
  'crc32-base62': true,
  'crc32-zvault': true,
  'crc32-grafana': true,
  'crc32-tail': true,
  'crc32-atlassian': true,
  'crc32-gitlab': true,
  bech32: true,
};

/** Makes a text of the right shape pass the rule's checks, where these are checksums. */
function forge(text: string, rule: Rule, random: Random): string {
  let forged = text;
  for (const name of rule.checks ?? []) {
    if (name === 'crc32-base62') {
      const body = forged.indexOf('_') + 1;
      forged = forged.slice(0, -6) + crc32Base62(forged.slice(body, -6));
    } else if (name === 'crc32-zvault') forged = forged.slice(0, 36) + crc32Hex(forged.slice(4, 36));
    else if (name === 'crc32-grafana') forged = forged.slice(0, -8) + crc32HexLittleEndian(forged.slice(0, -9));
    else if (name === 'crc32-tail') forged = forged.slice(0, -8) + crc32Hex(forged.slice(0, -8));
    else if (name === 'crc32-atlassian') {
      const body = `${forged.slice(0, -9)}=`;
      forged = body + crc32Hex(body).toUpperCase();
    } else if (name === 'crc32-gitlab') {
      const [, prefix = '', payload = '', version = ''] =
        /^(gl[a-z]{1,6}-(?:t\d_)?)([A-Za-z0-9_-]+)(\.(?:[0-9a-z]{2}\.)?)/.exec(forged) ?? [];
      const body = prefix + payload + version + payload.length.toString(36).padStart(2, '0');
      forged = body + crc32Base36(body);
    } else if (name === 'bech32') {
      const mark = forged.lastIndexOf('1');
      const data = forged.slice(mark + 1, -6);
      forged = forged.slice(0, -6) + bech32Checksum(forged.slice(0, mark), data).toUpperCase();
    } else if (name === 'base64-64')
      forged = Buffer.from(randomText(alphabets.base64, 64, random), 'latin1')
        .toString('base64')
        .replace(/^/, forged.startsWith('AccountKey=') ? 'AccountKey=' : '');
  }
  return forged;
}

function randomText(alphabet: string, length: number, random: Random): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[random(alphabet.length)] ?? '';
  return text;
}

const kinds: Readonly<Record<string, (length: number, random: Random) => string>> = {
  uuid: (_, random) => [8, 4, 4, 4, 12].map((length) => randomText(alphabets.hex, length, random)).join('-'),
  password: (_, random) => `${randomText(alphabets.a62, 6, random)}7#q${randomText(alphabets.a62, 6, random)}`,
  basic: (_, random) => Buffer.from(`svc:${randomText(alphabets.a62, 20, random)}`).toString('base64'),
  password64: (_, random) => Buffer.from(`${randomText(alphabets.a62, 14, random)}7#q`).toString('base64'),
  jwt64: (length, random) => Buffer.from(kinds['jwt']?.(length, random) ?? '').toString('base64'),
  jwt: (_, random) => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: randomText(alphabets.a62, 12, random), iat: 1_700_000_000 + random(1e7) })}.${randomText(alphabets.url, 43, random)}`;
  },
  json: (length, random) =>
    Buffer.from(JSON.stringify({ o: '1', n: 'k', k: randomText(alphabets.a62, length, random) })).toString('base64'),
  'grafana-key': (_, random) =>
    Buffer.from(
      JSON.stringify({
        k: randomText(alphabets.a62, 32, random),
        n: `key-${randomText(alphabets.lower, 12, random)}`,
        id: 1,
      }),
    ).toString('base64'),
  pem: (_, random) =>
    `-----BEGIN PRIVATE KEY-----\n${Array.from({ length: 6 }, () => randomText(alphabets.base64, 64, random)).join('\n')}\n-----END PRIVATE KEY-----`,
  'pem-inline': (_, random) =>
    `-----BEGIN PRIVATE KEY-----\\n${Array.from({ length: 6 }, () => randomText(alphabets.base64, 64, random)).join('\\n')}\\n-----END PRIVATE KEY-----`,
  'digit-id': (_, random) => `TA${randomText(alphabets.a62, 23, random)}`,
};

function renderTemplate(template: string, rule: Rule, random: Random): string {
  return template.replace(/\{([a-z0-9-]+)(?::(\d+))?\}/g, (whole, kind: string, length: string | undefined) => {
    if (kind === 'match') {
      const match = matchOf(rule, random);
      return template === '{match}' || rule.assigned !== true ? match : (/"(.*)"$/.exec(match)?.[1] ?? match);
    }
    const make = kinds[kind];
    if (make !== undefined) return make(Number(length ?? 0), random);
    const alphabet = (alphabets as Readonly<Record<string, string>>)[kind];
    return alphabet === undefined ? whole : randomText(alphabet, Number(length), random);
  });
}
