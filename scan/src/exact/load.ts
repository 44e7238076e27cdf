// Gets the index of the vault's values: from the sealed file while it is fresh, by one conditional request when it is not, from
// the file again while the vault is away.

import { readFileSync } from 'node:fs';
import {
  type Host,
  ZvaultError,
  envSetting,
  formatReference,
  isZvaultError,
  packPieces,
  unpackArrays,
} from '@zvault/core/domain';
import { changeFlags } from '../v8-flags.ts';
import type { ExactFinder } from './finder.ts';
import { SealedFile, type SealedParts } from './sealed-file.ts';
import { type IndexContent, ValueIndex, buildIndex } from './value-index.ts';

/** Younger than this, the index is used without a request. */
const freshMs = 5 * 60_000;
/** Older than this, it is not used at all. */
const lifeMs = 24 * 60 * 60_000;

export interface LoadedExact {
  readonly finder: ExactFinder;
  /** Which keys are looked for and which are not, without values. */
  explain(): string;
  notices(): readonly string[];
}

type Answer =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'values';
      readonly etag: string | undefined;
      readonly project: string;
      readonly values: Iterable<readonly [key: string, value: string]>;
    };

/** Where values come from. The vault's client is one; tests bring their own. */
export interface ValueSource {
  /** Everything, or `unchanged` when the server still has what `etag` names. @throws ZvaultError */
  fetch(etag: string | undefined): Promise<Answer>;
}

export interface LoadOptions {
  readonly host: Host;
  /** Without the vault's values the scan must fail. */
  readonly required: boolean;
  warn(text: string): void;
  /** @default the vault's client, loaded when it is needed */
  readonly source?: ValueSource | undefined;
}

interface Stored extends IndexContent {
  readonly etag: string | undefined;
  readonly checkedAtMs: number;
  readonly leftCount: number;
}

/** @throws UNAUTHORIZED, FORBIDDEN, TOKEN_MISSING; with `required` also what keeps the vault away */
export async function loadExactIndex(options: LoadOptions): Promise<LoadedExact | undefined> {
  const { host } = options;
  const token = tokenOf(host);
  const file = new SealedFile(host, { token, place: placeOf(host) });
  const stored = decode(file.read());
  const age = stored === undefined ? Infinity : host.now() - stored.checkedAtMs;
  const usable = stored !== undefined && age >= 0 && age < lifeMs ? stored : undefined;
  if (usable && age < freshMs) return present(usable);
  const source = options.source ?? (await clientSource(host));
  try {
    const answer = await source.fetch(usable?.etag);
    const next = merge(answer, usable, host.now());
    file.write(encode(next));
    return present(next);
  } catch (error) {
    if (!isZvaultError(error)) throw error;
    if (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN') {
      file.remove();
      throw error;
    }
    if (usable) {
      options.warn(
        `the vault is away (${error.code}); its values of ${Math.round(age / 60_000)} minutes ago are looked for`,
      );
      return present(usable);
    }
    if (options.required)
      throw new ZvaultError('UNAVAILABLE', `the vault's values can't be had: ${error.message}`, {
        hint: error.hint ?? 'start the vault, or leave out --vault=required',
        cause: error,
      });
    options.warn(`the vault is away (${error.code}); only patterns are looked for`);
    return undefined;
  }
}

function merge(answer: Answer, known: Stored | undefined, nowMs: number): Stored {
  if (answer.kind === 'unchanged') {
    if (known === undefined)
      throw new ZvaultError('BAD_ANSWER', 'the vault answered "unchanged" to a request that knew nothing');
    const { etag, leftCount, keys, left, sieve, patterns } = known;
    return { etag, leftCount, keys, left, sieve, patterns, checkedAtMs: nowMs };
  }
  const reference = (key: string): string => formatReference({ kind: 'env', project: answer.project, key });
  const content = buildIndex(Array.from(answer.values, ([key, value]) => ({ key, value, reference: reference(key) })));
  return { ...content, leftCount: content.left.length, etag: answer.etag, checkedAtMs: nowMs };
}

function present(stored: Stored): LoadedExact {
  return {
    finder: new ValueIndex(stored),
    explain: () =>
      [
        ...stored.keys.map(({ key, reference }) => `${key}  looked for  ${reference}\n`),
        ...stored.left.map(({ key, why }) => `${key}  left out  ${why}\n`),
      ]
        .sort()
        .join(''),
    notices: () =>
      stored.leftCount === 0
        ? []
        : [
            `${stored.leftCount} of the vault's values are not looked for (too short or too common): see --explain-index`,
          ],
  };
}

/** First what every scan needs: facts and sieve. Then what is needed when there is something to name: keys and patterns. */
function encode(stored: Stored): Record<keyof SealedParts, Uint8Array[]> {
  const { keys, left, etag, checkedAtMs, sieve, patterns } = stored;
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  return {
    first: packPieces([json({ etag, checkedAtMs, leftCount: left.length }), sieve]),
    second: packPieces([json({ keys, left }), patterns]),
  };
}

function decode(content: SealedParts | undefined): Stored | undefined {
  if (content === undefined) return undefined;
  const parse = (bytes: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));
  const [facts, sieve = new Uint8Array(0)] = unpackArrays(content.first);
  const { etag, checkedAtMs, leftCount } = parse(facts) as Pick<Stored, 'checkedAtMs' | 'leftCount'> & {
    etag?: string;
  };
  let read: { names: Pick<Stored, 'keys' | 'left'>; patterns: readonly Uint8Array[] } | undefined;
  const second = (): NonNullable<typeof read> => {
    if (read) return read;
    const [names, patterns = new Uint8Array(0)] = unpackArrays(content.second);
    return (read = { names: parse(names) as Pick<Stored, 'keys' | 'left'>, patterns: [patterns] });
  };
  return {
    etag,
    checkedAtMs,
    leftCount,
    sieve,
    get keys() {
      return second().names.keys;
    },
    get left() {
      return second().names.left;
    },
    get patterns() {
      return second().patterns;
    },
  };
}

function tokenOf(host: Host): string {
  const token = envSetting(host, 'ZVAULT_TOKEN')?.trim();
  if (token) return token;
  const file = envSetting(host, 'ZVAULT_TOKEN_FILE');
  if (file === undefined)
    throw new ZvaultError('TOKEN_MISSING', '--vault needs a token', { hint: 'set ZVAULT_TOKEN or ZVAULT_TOKEN_FILE' });
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ZvaultError('TOKEN_MISSING', `the token file "${file}" can't be read`, {
      hint: 'check ZVAULT_TOKEN_FILE',
      cause: error,
    });
  }
}

function placeOf(host: Host): string[] {
  const settings = [
    ['ZVAULT_URL', 'ZVAULT_CLOUD_URL'],
    ['ZVAULT_ORG', 'ZVAULT_ORG_ID'],
    ['ZVAULT_PROJECT', 'ZVAULT_PROJECT_ID'],
    ['ZVAULT_ENV'],
  ] as const;
  return settings.map((names) => envSetting(host, ...names) ?? '');
}

async function clientSource(host: Host): Promise<ValueSource> {
  const { createClient } = await import('@zvault/core/client');
  return {
    async fetch(etag) {
      const client = createClient({ env: host.env, host, maxRetries: 1, timeoutMs: 5000, cacheTtlMs: 0 });
      try {
        const answer = await client.getAllIfChanged(etag);
        if (answer === undefined) return { kind: 'unchanged' };
        const me = envSetting(host, 'ZVAULT_PROJECT') === undefined ? await client.me() : undefined;
        // An index will be made of them.
        changeFlags('smallHeap');
        const project = envSetting(host, 'ZVAULT_PROJECT') ?? me?.project_slug ?? me?.project_id ?? 'app';
        return { kind: 'values', etag: answer.etag, project, values: answer.secrets };
      } finally {
        client.close();
      }
    },
  };
}
