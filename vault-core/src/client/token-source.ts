// Where the token comes from: given once, or in a file that something else renews.

import { messageOf, ZvaultError } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import { checkToken, type Settings } from './settings.ts';

/** A token file is one line; more than this is some other file. */
const maxFileBytes = 65_536;

export class TokenSource {
  readonly #file: string | undefined;
  #token: Secret | undefined;

  constructor(settings: Pick<Settings, 'token' | 'tokenFile'>) {
    this.#token = settings.token;
    this.#file = settings.tokenFile;
  }

  /** The token, or `undefined` when none is set. @throws CONFIG_INVALID when its file cannot be read */
  async current(): Promise<Secret | undefined> {
    if (this.#token === undefined && this.#file !== undefined) this.#token = await readTokenFile(this.#file);
    return this.#token;
  }

  /** @throws TOKEN_MISSING when none is set */
  async required(): Promise<Secret> {
    const token = await this.current();
    if (token !== undefined) return token;
    throw new ZvaultError('TOKEN_MISSING', 'no token is set', { hint: 'set ZVAULT_TOKEN or ZVAULT_TOKEN_FILE' });
  }

  /** After the server refused a token: the one to try instead, if the file holds another by now. */
  async renewed(refused: Secret): Promise<Secret | undefined> {
    const known = await this.current();
    if (known !== undefined && known.expose() !== refused.expose()) return known;
    if (this.#file === undefined) return undefined;
    const token = await readTokenFile(this.#file);
    if (token.expose() === refused.expose()) return undefined;
    this.#token = token;
    return token;
  }
}

async function readTokenFile(file: string): Promise<Secret> {
  const { readFile } = await import('node:fs/promises');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `the token file cannot be read: ${messageOf(error)}`, {
      hint: 'set ZVAULT_TOKEN_FILE to a file that this user may read',
      cause: error,
    });
  }
  const token = text.trim();
  if (token === '') throw new ZvaultError('TOKEN_MISSING', `the token file "${file}" is empty`);
  if (text.length > maxFileBytes) throw new ZvaultError('CONFIG_INVALID', `the token file "${file}" is too long`);
  return checkToken(token, `the token file "${file}"`);
}
