// The environment of a child: what we inherited, less what must not be handed on; then the secrets; then the file.
// The later wins.

import { ZvaultError, isEnvName, isReservedEnvName } from '@zvault/core/domain';

export interface ChildEnvironmentSources {
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Values to set, in order: the later wins. */
  readonly values: readonly Iterable<readonly [name: string, value: string]>[];
  /** Names that the user allows although they are reserved or unusual. */
  readonly allowed: ReadonlySet<string>;
  /** Hand on `ZVAULT_TOKEN`, `ZVAULT_TOKEN_FILE` and `ZVAULT_UNSEAL_…`. */
  readonly keepToken: boolean;
  readonly platform: NodeJS.Platform;
}

/**
 * Linux takes no longer text as one argument or variable, terminating NUL included: MAX_ARG_STRLEN, 32 pages.
 * Source: execve(2)
 */
const maxLinuxBytes = 131_072;
/** Windows, in UTF-16 units, name and terminating NUL included. Source: SetEnvironmentVariable */
const maxWindowsUnits = 32_767;

/** @throws INPUT_INVALID naming every variable that cannot or must not be set */
export function childEnvironment(sources: ChildEnvironmentSources): Record<string, string> {
  const { inherited, values, keepToken } = sources;
  // Without a prototype: `__proto__` is a name like any other.
  const env: Record<string, string> = Object.assign(Object.create(null), {});
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && (keepToken || !isCredential(name))) env[name] = value;
  }
  const problems: string[] = [];
  const reserved: string[] = [];
  for (const [name, value] of values.flatMap((entries) => Array.from(entries))) {
    const problem = problemOf(name, value, sources);
    if (problem !== undefined) problems.push(problem);
    else if (!sources.allowed.has(name) && (!isEnvName(name) || isReservedEnvName(name))) reserved.push(name);
    else env[name] = value;
  }
  if (problems.length > 0) throw new ZvaultError('INPUT_INVALID', `nothing was run: ${unique(problems).join('; ')}`);
  if (reserved.length > 0) {
    const names = unique(reserved);
    throw new ZvaultError('INPUT_INVALID', `nothing was run: ${names.map(whyRefused).join('; ')}`, {
      hint: `if that is meant, add ${names.map((name) => `--allow-name ${name}`).join(' ')}`,
    });
  }
  return env;
}

function isCredential(name: string): boolean {
  return name === 'ZVAULT_TOKEN' || name === 'ZVAULT_TOKEN_FILE' || name.startsWith('ZVAULT_UNSEAL_');
}

/** What no permission helps against. */
function problemOf(name: string, value: string, { platform }: ChildEnvironmentSources): string | undefined {
  if (name === '' || name.includes('=') || name.includes('\0')) return `"${name}" cannot be the name of a variable`;
  if (value.includes('\0')) return `${name} holds a NUL, which no environment can carry`;
  const tooLong =
    platform === 'win32'
      ? name.length + value.length + 2 > maxWindowsUnits
      : platform === 'linux' && Buffer.byteLength(name) + Buffer.byteLength(value) + 2 > maxLinuxBytes;
  return tooLong ? `${name} is too long for an environment (${Buffer.byteLength(value)} bytes)` : undefined;
}

function whyRefused(name: string): string {
  return isEnvName(name)
    ? `${name} decides which code programs run, or where`
    : `${name} is not a usual name of a variable (letters, digits and _)`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
