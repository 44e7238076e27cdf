// The issuers of the settings that people sign in at, ready to be asked. Loaded only where there is one.

import { readFileSync } from 'node:fs';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import { type Issuers, fetchRulesOf } from '../identity/issuers.ts';
import { type SignInConfig, takesSignIn } from '../identity/issuers-config.ts';
import type { ResolvedOptions } from '../options.ts';
import { Provider } from './provider.ts';

export interface Providers {
  readonly list: readonly Provider[];
  /** Ends what is under way. */
  close(): void;
}

/** `now`: milliseconds since the epoch. @throws CONFIG_INVALID when a client's secret can't be read */
export function createProviders(options: ResolvedOptions, issuers: Issuers, now: () => number): Providers {
  const closing = new AbortController();
  const list = options.jwtIssuers.filter(takesSignIn).map((config) => {
    readSecret(config);
    const rules = fetchRulesOf({ allowLoopbackHttp: options.loopbackIssuers }, config.allowed_addresses);
    const clientSecret = (): string | undefined => readSecret(config);
    return new Provider(config, { rules, issuers, now, signal: closing.signal, clientSecret });
  });
  return { list, close: () => closing.abort() };
}

function readSecret({ client_secret_file: path, issuer }: SignInConfig): string | undefined {
  if (path === undefined) return undefined;
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `can't read the client's secret for ${issuer}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (secret === '') throw new ZvaultError('CONFIG_INVALID', `the file of the client's secret for ${issuer} is empty`);
  return secret;
}
