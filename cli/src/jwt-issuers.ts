// The file of `--jwt-issuers`: whose identity tokens the vault believes.

import { ZvaultError } from '@zvault/core/domain';
import { decodeText, readFileBytes } from './input.ts';

export interface JwtIssuer {
  readonly issuer: string;
  readonly audience: string | string[];
  /** The issuer's public keys (RFC 7517). */
  readonly jwks: unknown;
}

/** Reads `[{"issuer", "audience", "jwks"}]`. @throws NOT_FOUND, CONFIG_INVALID */
export function readJwtIssuers(cwd: string, path: string): JwtIssuer[] {
  const text = decodeText(readFileBytes(cwd, path), path);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid(path, 'it is not JSON');
  }
  return decodeJwtIssuers(document, path);
}

/** @throws CONFIG_INVALID naming `source` */
export function decodeJwtIssuers(document: unknown, source: string): JwtIssuer[] {
  if (!Array.isArray(document)) throw invalid(source, 'it is not a list');
  return document.map((entry: unknown, index) => {
    const { issuer, audience, jwks } = (entry ?? {}) as Record<string, unknown>;
    const audiences = Array.isArray(audience) ? audience : [audience];
    if (typeof issuer !== 'string' || issuer === '') throw invalid(source, `entry ${index + 1} has no issuer`);
    if (audiences.length === 0 || !audiences.every((name) => typeof name === 'string' && name !== '')) {
      throw invalid(source, `entry ${index + 1} has no audience`);
    }
    if (typeof jwks !== 'object' || jwks === null) throw invalid(source, `entry ${index + 1} has no jwks`);
    return { issuer, audience: audience as string | string[], jwks };
  });
}

function invalid(source: string, why: string): ZvaultError {
  return new ZvaultError('CONFIG_INVALID', `${source}: ${why}`, {
    hint: 'write [{"issuer": "https://…", "audience": "…", "jwks": {"keys": […]}}]',
  });
}
