// What may be called what: secret keys, slugs, environment variables.

import { ZvaultError } from './errors.ts';

/** Longest secret key in UTF-8 bytes. */
export const maxKeyBytes = 256;
/** Longest slug in UTF-8 bytes. */
const maxSlugBytes = 64;
/** Longest display name in UTF-8 bytes. */
const maxNameBytes = 256;
/** Longest description or comment in UTF-8 bytes. */
const maxTextBytes = 4096;
/** Longest name of a policy or role. */
const maxIdentifierLength = 128;
/** Largest secret value in UTF-8 bytes. */
export const maxValueBytes = 1_048_576;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
// The C0 and C1 controls and DEL: they break terminals and logs, and nobody types them into a slug.
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** True for the text form of a UUID, any version, any case. A text of this form is never a slug. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}

/** What is wrong with a secret key, or `undefined`. Any characters are allowed, as the wire contract says. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'a secret key must not be empty';
  if (key === '.' || key === '..')
    return 'the keys "." and ".." are refused: URL parsers resolve them, percent-encoded too';
  if (!key.isWellFormed()) return 'a secret key must be valid Unicode';
  if (Buffer.byteLength(key) > maxKeyBytes) return `a secret key must have at most ${maxKeyBytes} bytes`;
  return undefined;
}

/** What is wrong with a value, or `undefined`. */
export function valueProblem(value: string): string | undefined {
  if (!value.isWellFormed()) return 'a value must be valid Unicode (it holds a lone surrogate)';
  if (Buffer.byteLength(value) > maxValueBytes) return `a value must have at most ${maxValueBytes} bytes`;
  return undefined;
}

/** What is wrong with the slug of an organisation, a project or an environment, or `undefined`. */
export function slugProblem(slug: string): string | undefined {
  if (slug === '') return 'a slug must not be empty';
  if (slug === '.' || slug === '..') return 'the slugs "." and ".." are refused: URL parsers resolve them';
  if (!slug.isWellFormed() || control.test(slug)) return 'a slug must be valid Unicode without control characters';
  if (Buffer.byteLength(slug) > maxSlugBytes) return `a slug must have at most ${maxSlugBytes} bytes`;
  if (isUuid(slug)) return 'a slug must not look like a UUID: paths take both';
  return undefined;
}

/** What is wrong with a display name, or `undefined`. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'a name must not be empty';
  if (!name.isWellFormed() || control.test(name)) return 'a name must be valid Unicode without control characters';
  if (Buffer.byteLength(name) > maxNameBytes) return `a name must have at most ${maxNameBytes} bytes`;
  return undefined;
}

/** What is wrong with a description or a comment, or `undefined`. */
export function textProblem(text: string): string | undefined {
  if (!text.isWellFormed()) return 'a text must be valid Unicode';
  if (Buffer.byteLength(text) > maxTextBytes) return `a text must have at most ${maxTextBytes} bytes`;
  return undefined;
}

/** What is wrong with the name of a policy or role (`what`), or `undefined`. Lists of them are separated by commas. */
export function identifierProblem(what: string, name: string): string | undefined {
  if (name === '') return `the name of a ${what} must not be empty`;
  if (name.length > maxIdentifierLength)
    return `the name of a ${what} must have at most ${maxIdentifierLength} characters`;
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$/.test(name)) return undefined;
  return `the name of a ${what} takes letters, digits and _ . : @ -, and begins with a letter, a digit or _`;
}

/** A slug made from a name: lower case, runs of other characters become one dash. `undefined` when nothing is left. */
export function slugOfName(name: string): string | undefined {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, maxSlugBytes)
    .replace(/-+$/, '');
  return slug === '' || slugProblem(slug) !== undefined ? undefined : slug;
}

/** True for a name that every shell and platform takes as an environment variable. */
export function isEnvName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

// Variables that decide which code a loader, a shell, an interpreter or a tool runs. A secret of such a name would give whoever
// may write secrets the machine that reads them. CI platforms add names of their own.
const reservedNames = new Set(
  `PATH HOME SHELL IFS ENV BASH_ENV BASHOPTS SHELLOPTS PS4 PROMPT_COMMAND CDPATH GLOBIGNORE ZDOTDIR
  NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_REPL_EXTERNAL_MODULE ELECTRON_RUN_AS_NODE
  PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONBREAKPOINT PYTHONUSERBASE PERL5LIB PERL5OPT PERL5DB PERLLIB RUBYOPT RUBYLIB
  JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS MAVEN_OPTS PHPRC PHP_INI_SCAN_DIR GCONV_PATH LOCPATH HOSTALIASES
  GIT_SSH GIT_SSH_COMMAND GIT_EXEC_PATH GIT_ASKPASS GIT_CONFIG GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND GIT_TEMPLATE_DIR GIT_PAGER
  SSH_ASKPASS EDITOR VISUAL PAGER BROWSER LESSOPEN LESSCLOSE MANPAGER OPENSSL_CONF OPENSSL_MODULES
  COMSPEC PATHEXT SYSTEMROOT WINDIR PSMODULEPATH DOTNET_STARTUP_HOOKS CORECLR_PROFILER CORECLR_PROFILER_PATH COR_PROFILER
  RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER MAKEFLAGS`.split(/\s+/),
);
const reservedPrefixes = ['LD_', 'DYLD_', 'BASH_FUNC_', 'GIT_CONFIG_', 'NPM_CONFIG_', 'ZVAULT_'];

/** True for a name that must not be set from a secret unless the user allows it by name. Case does not matter. */
export function isReservedEnvName(name: string): boolean {
  const upper = name.toUpperCase();
  return reservedNames.has(upper) || reservedPrefixes.some((prefix) => upper.startsWith(prefix));
}

/** Throws BAD_REQUEST with the problem, if there is one. */
export function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new ZvaultError('BAD_REQUEST', problem);
}
