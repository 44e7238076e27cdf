// Secrets into environment variables: all of them or none.

import { ZvaultError } from '../domain/errors.ts';
import { isEnvName, isReservedEnvName } from '../domain/names.ts';
import type { Secrets } from './secrets.ts';

export interface InjectOptions {
  /** Replace variables that are set already. @default false */
  readonly overwrite?: boolean | undefined;
  /** The variables to change. @default those of the process */
  readonly env?: Record<string, string | undefined> | undefined;
  /** Names of the reserved list that may be set all the same. */
  readonly allow?: readonly string[] | undefined;
}

export interface Injected {
  /** Names that were set. */
  readonly set: readonly string[];
  /** Names that were left as they stood before. */
  readonly kept: readonly string[];
}

/**
 * Sets a variable for each secret.
 * @throws INPUT_INVALID that names every secret which cannot be one: not a variable's name, a reserved one that is not allowed, or a
 *   value with NUL. Nothing is set then.
 */
export function injectSecrets(
  secrets: Secrets,
  env: Record<string, string | undefined>,
  options: InjectOptions = {},
): Injected {
  const allowed = new Set(options.allow);
  const problems = [...secrets].flatMap(([name, value]) => problemsOf(name, value, allowed));
  if (problems.length > 0) {
    throw new ZvaultError('INPUT_INVALID', `not injected: ${problems.join('; ')}`, {
      hint: 'rename these secrets, or allow a reserved name by name',
    });
  }
  const set: string[] = [];
  const kept: string[] = [];
  for (const [name, value] of secrets) {
    if (env[name] !== undefined && !options.overwrite) kept.push(name);
    else {
      env[name] = value;
      set.push(name);
    }
  }
  return { set, kept };
}

function problemsOf(name: string, value: string, allowed: ReadonlySet<string>): string[] {
  const shown = JSON.stringify(name);
  if (!isEnvName(name)) return [`${shown} is not a variable's name`];
  if (isReservedEnvName(name) && !allowed.has(name)) return [`${shown} is reserved`];
  return value.includes('\0') ? [`the value of ${shown} holds NUL`] : [];
}
