// The file of `--jwt-issuers`: whose identity tokens the vault believes, and where people sign in.

import { resolve } from 'node:path';
import { ZvaultError } from '@zvault/core/domain';
import type { IssuerConfig } from '@zvault/core/server';
import { decodeText, readFileBytes } from './input.ts';

/** Reads `[{"issuer", "audience", …}]` (docs/sign-in.md has the fields). @throws NOT_FOUND, CONFIG_INVALID */
export async function readJwtIssuers(cwd: string, path: string): Promise<IssuerConfig[]> {
  const text = decodeText(readFileBytes(cwd, path), path);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new ZvaultError('CONFIG_INVALID', `${path} is not JSON`, {
      hint: 'write [{"issuer": "https://…", "audience": "…"}]',
    });
  }
  return decodeJwtIssuers(cwd, document, path);
}

/** Paths in the list are relative to `cwd`. @throws CONFIG_INVALID naming `source` */
export async function decodeJwtIssuers(cwd: string, document: unknown, source: string): Promise<IssuerConfig[]> {
  const { isUrl, parseIssuers } = await import('@zvault/core/server');
  return parseIssuers(document, source).map(({ jwks, client_secret_file: secret, ...rest }) => ({
    ...rest,
    ...(jwks === undefined ? {} : { jwks: typeof jwks === 'string' && !isUrl(jwks) ? resolve(cwd, jwks) : jwks }),
    ...(secret === undefined ? {} : { client_secret_file: resolve(cwd, secret) }),
  }));
}
