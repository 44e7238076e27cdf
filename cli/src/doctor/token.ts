// The token that commands would use here, and those that are saved.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, isZvaultError, parseTimestampMs } from '@zvault/core/domain';
import type { Connection } from '../connection.ts';
import { savedAddresses } from '../saved-tokens.ts';
import { ownerOf } from '../token-owner.ts';
import { type Finding, failure, failureOf, ok, skipped, warning } from './finding.ts';

/** A service token is renewed by hand, a session by signing in. */
const renewalMs = { service_token: 604_800_000, other: 900_000 } as const;

export async function checkToken(
  { client, settings }: Connection,
  open: boolean,
  { now }: Pick<Host, 'now'>,
): Promise<Finding> {
  const { token, tokenFrom, url } = settings;
  if (token === undefined) {
    const hint = 'run zvault login, or set ZVAULT_TOKEN or ZVAULT_TOKEN_FILE';
    return failure('token', 'TOKEN_MISSING', `there is none for ${url}`, hint);
  }
  if (!open) return skipped('token', `from ${tokenFrom}; the server can't tell yet whether it is good`);
  try {
    const { kind, name, expiresAt } = await ownerOf(client);
    const detail = `from ${tokenFrom}; ${kind}: ${name}${expiresAt === null ? '' : `, until ${expiresAt}`}`;
    const leftMs = expiresAt === null ? Infinity : parseTimestampMs(expiresAt) - now();
    const early = kind === 'service_token' ? renewalMs.service_token : renewalMs.other;
    return leftMs > early ? ok('token', detail) : warning('token', detail, 'it ends soon: get a new one');
  } catch (error) {
    const unknown = isZvaultError(error) && error.code === 'UNAUTHORIZED';
    if (!unknown) return failureOf('token', error, 'try again');
    const detail = `from ${tokenFrom}; the server does not know it, or it has ended`;
    return failure('token', 'UNAUTHORIZED', detail, 'run zvault login, or create a new one');
  }
}

/** Can others read what `zvault login` has saved? */
export function checkSavedTokens(host: Pick<Host, 'homeDir' | 'platform'>): Finding {
  const addresses = savedAddresses(host);
  const known = addresses.length === 0 ? 'none' : addresses.join(', ');
  if (host.platform === 'win32') return ok('saved tokens', known);
  const top = join(host.homeDir, '.zvault');
  const folder = join(top, 'tokens');
  const open = [top, folder, ...filesOf(folder)].filter(isOpen);
  if (open.length === 0) return ok('saved tokens', known);
  const hint = `run chmod go-rwx on it, and replace the tokens if others use this machine`;
  const files = open.filter((path) => path !== top && path !== folder);
  const detail = `others can enter or read ${open.join(', ')}`;
  // An open folder shows addresses; an open file gives the token away.
  return files.length === 0
    ? warning('saved tokens', detail, hint)
    : failure('saved tokens', 'TOKEN_INSECURE', detail, hint);
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function isOpen(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o077) !== 0;
}
