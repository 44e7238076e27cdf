// What a request presents: its token, and the objects that it names. Both are remembered where they come again and again.

import type { IncomingMessage } from 'node:http';
import { hashToken } from '../../domain/token.ts';
import type { ServedRoute } from '../../wire/route.ts';
import type { PresentedToken, Target } from '../access.ts';
import type { Connection } from './connection.ts';

/** Targets of remembered matches (http/router.ts), one object for each, by which access finds its grant again. */
const targets = new WeakMap<object, Target>();

export function targetOf(route: ServedRoute, parameters: Readonly<Record<string, string>>, search: string): Target {
  const known = targets.get(parameters);
  if (known) return known;
  const asked = route.query && 'env' in route.query ? new URLSearchParams(search) : undefined;
  const target = {
    org: parameters['org'],
    project: parameters['project'],
    environment: parameters['env'] ?? (asked?.get('env') || asked?.get('environment') || undefined),
  };
  if (!asked) targets.set(parameters, target);
  return target;
}

export function presentedToken(
  message: IncomingMessage,
  route: ServedRoute,
  connection: Connection,
): PresentedToken | undefined {
  const text = tokenText(message, route);
  if (text === undefined) return undefined;
  if (connection.token?.text !== text) connection.token = { text, hash: hashToken(text) };
  return connection.token;
}

function tokenText(message: IncomingMessage, { access }: ServedRoute): string | undefined {
  if (access.identity === 'none') return undefined;
  if (access.headers === 'both') return vaultToken(message) ?? bearer(message);
  return access.identity === 'cloud' ? bearer(message) : vaultToken(message);
}

function bearer({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  return authorization.startsWith('Bearer ') && !authorization.includes(' ', 7) && authorization.length > 7
    ? authorization.slice(7)
    : /^Bearer (\S+)$/i.exec(authorization)?.[1];
}

function vaultToken({ headers }: IncomingMessage): string | undefined {
  const header = headers['x-vault-token'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}
