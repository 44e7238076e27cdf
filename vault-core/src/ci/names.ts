// Which names may become variables of a job. A secret that is called `LD_PRELOAD` or `GITHUB_ENV` would give whoever may write secrets
// the steps that follow.

import { isEnvName, isReservedEnvName } from '../domain/names.ts';
import { ciError } from './errors.ts';

/** The platforms' own variables: they decide what is checked out, uploaded and trusted. */
const platformPrefixes = [
  'ACTIONS_',
  'BITBUCKET_',
  'BUILDKITE',
  'CI_',
  'CIRCLE',
  'GITHUB_',
  'GITLAB_',
  'INPUT_',
  'RUNNER_',
  'STATE_',
];
/** Where later steps send their traffic, tokens included. */
const proxyNames = new Set([
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'FTP_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]);
const gitNames = ['GIT_SSH', 'GIT_CONFIG'];

/** True for a name that only `allow-reserved` lets through. Case does not matter. */
export function isReservedInCi(name: string): boolean {
  const upper = name.toUpperCase();
  return (
    isReservedEnvName(name) ||
    upper === 'CI' ||
    proxyNames.has(upper) ||
    [...platformPrefixes, ...gitNames].some((prefix) => upper.startsWith(prefix))
  );
}

/**
 * Refuses names that no variable can have, then those that are reserved; each error names all of them.
 * @throws ZVCI-130, ZVCI-131
 */
export function checkNames(names: Iterable<string>, allowed: ReadonlySet<string>): void {
  const all = [...names];
  const invalid = all.filter((name) => !isEnvName(name));
  if (invalid.length > 0) {
    throw ciError(
      'ZVCI-130',
      `not ${invalid.length === 1 ? 'a name of a variable' : 'names of variables'}: ${list(invalid)}`,
    );
  }
  const reserved = all.filter((name) => isReservedInCi(name) && !allowed.has(name));
  if (reserved.length > 0) throw ciError('ZVCI-131', `reserved: ${list(reserved)}`);
}

/** So many names are told; more would bury the message. */
const maxNamed = 20;

/** Names for a message, quoted so that line breaks in them show. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).map((name) => JSON.stringify(name));
  return shown.join(', ') + (names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '');
}
