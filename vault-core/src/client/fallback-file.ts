// The opt-in encrypted file with the last values of one environment: a CI job still gets its secrets while the server is away.
// Only the token that fetched them opens it, only for the same server, project and environment, and only for a while.
//
// Layout: one line of JSON (format, salt, nonce; all base64), a newline, then AES-256-GCM ciphertext and tag of
// {"saved_at", "entries"}. Key: HKDF-SHA-256 of the token. AAD: the header line and what the file is for.

import { createCipheriv, createDecipheriv, hkdfSync, randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { messageOf } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import type { Entries } from './bulk.ts';
import { decodeArray, decodeEntry, decodeObject, decodeString } from './decode.ts';
import type { FallbackSettings, Settings } from './settings.ts';
import type { TokenSource } from './token-source.ts';

const format = 'zvault-fallback-1';
const tagBytes = 16;
/** A file "from the future" means a clock that jumped; a little is normal between machines. */
const clockSkewMs = 300_000;

export interface SavedEntries {
  readonly entries: Entries;
  readonly savedAtMs: number;
}

type FallbackContext = Pick<Settings, 'base' | 'org' | 'project' | 'environment' | 'host' | 'log'>;

export class FallbackFile {
  readonly #context: FallbackContext;
  readonly #file: FallbackSettings;
  readonly #tokens: TokenSource;
  #saved: SavedEntries | undefined;

  constructor(context: FallbackContext, file: FallbackSettings, tokens: TokenSource) {
    this.#context = context;
    this.#file = file;
    this.#tokens = tokens;
  }

  /** The saved values, or `undefined`: no file, another token, another purpose, damaged, or too old. Never throws. */
  async read(): Promise<SavedEntries | undefined> {
    try {
      const token = await this.#tokens.current();
      const bytes = await readFile(this.#file.path);
      const saved = token === undefined ? undefined : this.#decrypt(bytes, token);
      if (saved === undefined) return undefined;
      const ageMs = this.#context.host.now() - saved.savedAtMs;
      if (ageMs > this.#file.maxAgeMs || ageMs < -clockSkewMs) {
        this.#log('warn', 'the fallback file is too old');
        return undefined;
      }
      this.#log('warn', 'the server is away: values from the fallback file', saved.entries.size);
      return saved;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#log('warn', 'the fallback file is not usable');
      return undefined;
    }
  }

  /** Replaces the file, unless it says the same already and is still young. A failure is logged: the values are at hand. */
  async save(entries: Entries, nowMs: number): Promise<void> {
    const saved = this.#saved;
    if (saved?.entries === entries && nowMs - saved.savedAtMs < this.#file.maxAgeMs / 4) return;
    try {
      const token = await this.#tokens.required();
      await replaceFile(this.#file.path, this.#encrypt(entries, nowMs, token));
      this.#saved = { entries, savedAtMs: nowMs };
      this.#log('debug', 'the fallback file is written', entries.size);
    } catch (error) {
      this.#log('warn', `the fallback file cannot be written: ${messageOf(error)}`);
    }
  }

  /** After a refusal: what the token opened before is not to be used any more. */
  async remove(): Promise<void> {
    this.#saved = undefined;
    try {
      await rm(this.#file.path, { force: true });
      this.#log('debug', 'the fallback file is removed');
    } catch (error) {
      this.#log('warn', `the fallback file cannot be removed: ${messageOf(error)}`);
    }
  }

  #encrypt(entries: Entries, nowMs: number, token: Secret): Buffer {
    const salt = this.#context.host.randomBytes(16);
    const nonce = this.#context.host.randomBytes(12);
    const header = JSON.stringify({ format, salt: salt.toString('base64'), nonce: nonce.toString('base64') });
    const cipher = createCipheriv('aes-256-gcm', deriveKey(token, salt), nonce);
    cipher.setAAD(this.#purpose(header));
    const text = JSON.stringify({ saved_at: nowMs, entries: [...entries.values()] });
    const body = [cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat([Buffer.from(`${header}\n`), ...body]);
  }

  #decrypt(bytes: Buffer, token: Secret): SavedEntries {
    const newline = bytes.indexOf(0x0a);
    const header = bytes.subarray(0, newline).toString('utf8');
    const fields = decodeObject(JSON.parse(header), 'the header');
    if (fields['format'] !== format) throw new Error('unknown format');
    const salt = Buffer.from(decodeString(fields, 'salt'), 'base64');
    const nonce = Buffer.from(decodeString(fields, 'nonce'), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', deriveKey(token, salt), nonce, { authTagLength: tagBytes });
    decipher.setAAD(this.#purpose(header));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const text = Buffer.concat([decipher.update(bytes.subarray(newline + 1, -tagBytes)), decipher.final()]);
    const content: unknown = JSON.parse(text.toString('utf8'));
    const savedAtMs = decodeObject(content, 'the content')['saved_at'];
    if (typeof savedAtMs !== 'number') throw new Error('no time');
    const entries = decodeArray(content, 'entries').map(decodeEntry);
    return { entries: new Map(entries.map((entry) => [entry.key, entry])), savedAtMs };
  }

  /** What the ciphertext is bound to besides its header. */
  #purpose(header: string): Buffer {
    const { base, org, project, environment } = this.#context;
    const place = [base.origin + base.prefix, org ?? '', project ?? '', environment ?? ''];
    return Buffer.from(`${header}\n${JSON.stringify(place)}`);
  }

  #log(level: 'debug' | 'warn', message: string, count?: number): void {
    this.#context.log({ level, event: 'fallback-file', message, ...(count === undefined ? {} : { count }) });
  }
}

function deriveKey(token: Secret, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', token.expose(), salt, 'zvault fallback file', 32));
}

/** Written beside the target, flushed, then renamed over it: readers see the old file or the new one. */
async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
