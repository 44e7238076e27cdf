// `.zvault.toml`: which server, organisation, project and environment a folder belongs to. It is committed, so it
// holds no secret, and what it says about the server is not trusted with a token (settings.ts). Written tables and
// comments of others stay as they are.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Host, ZvaultError, isZvaultError, messageOf } from '@zvault/core/domain';
import { decodeText, fileError } from './input.ts';

export const projectFileName = '.zvault.toml';

/** What we read of the file; everything is optional, and empty counts as absent. */
export interface ProjectFile {
  readonly path: string;
  /** `[project] name`. */
  readonly name?: string;
  /** `[vault] address`. */
  readonly address?: string;
  /** `[cloud] org` or `org_id`. */
  readonly org?: string;
  /** `[cloud] project` or `project_id`. */
  readonly project?: string;
  /** `[cloud] default_env`. */
  readonly environment?: string;
}

/**
 * The nearest `.zvault.toml` from `cwd` upwards, to the repository's root or, outside of a repository, to the file
 * system's. The home folder is the last one looked at: what lies above belongs to nobody's project.
 */
export function findProjectFile(host: Pick<Host, 'cwd' | 'homeDir'>): string | undefined {
  for (let folder = host.cwd; ; folder = dirname(folder)) {
    const path = join(folder, projectFileName);
    if (existsSync(path)) return path;
    if (folder === host.homeDir || existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined;
  }
}

/** @throws CONFIG_INVALID when the file is not TOML, or a setting in it is not a text. */
export async function readProjectFile(path: string): Promise<ProjectFile> {
  const document = await parseToml(path, readText(path));
  const text = (table: string, ...keys: string[]): string | undefined => {
    const found = document[table];
    if (found === undefined) return undefined;
    if (!isTable(found)) throw new ZvaultError('CONFIG_INVALID', `${path}: [${table}] must be a table`);
    for (const key of keys) {
      const value = found[key];
      if (value === undefined || value === '') continue;
      if (typeof value !== 'string')
        throw new ZvaultError('CONFIG_INVALID', `${path}: [${table}] ${key} must be a text`);
      return value;
    }
    return undefined;
  };
  const settings = {
    name: text('project', 'name'),
    address: text('vault', 'address'),
    org: text('cloud', 'org', 'org_id'),
    project: text('cloud', 'project', 'project_id'),
    environment: text('cloud', 'default_env'),
  };
  return { path, ...withoutUndefined(settings) };
}

/** Text of a new file as `project-init` makes it. */
export function newProjectFile(name: string, address: string): string {
  return `# zvault project settings. Safe to commit: no secrets in here.

[project]
name = ${tomlString(name)}

[vault]
address = ${tomlString(address)}

[secrets]
mount = "secret"
prefix = ${tomlString(`env/${name}`)}

[import]
sources = [".env"]
no_backup = false

[rotation]
check_interval = 24
notify = false
`;
}

/**
 * The text with `values` set in table `[name]`; everything else, comments included, stays byte for byte.
 * @throws CONFIG_INVALID when the text is not TOML, or writes the table in a form that cannot be edited line by line.
 */
export async function editTable(
  path: string,
  text: string,
  name: string,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const before = await parseToml(path, text);
  const edited = editLines(text, name, values);
  const found = before[name] ?? {};
  const wanted = { ...before, [name]: { ...(isTable(found) ? found : {}), ...values } };
  // The edit knows plain tables only; what comes out must mean what was asked for, and nothing else may have changed.
  const after = await parseToml(path, edited).catch(() => undefined);
  if (!isTable(found) || !sameToml(after, wanted)) {
    throw new ZvaultError('CONFIG_INVALID', `${path}: [${name}] is written in a form that cannot be edited`, {
      hint: `write [${name}] as a table of its own, one key a line`,
    });
  }
  return edited;
}

function editLines(text: string, name: string, values: Readonly<Record<string, string>>): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/(?<=\n)/);
  const header = new RegExp(`^\\s*\\[\\s*(?:${name}|"${name}"|'${name}')\\s*\\]\\s*(?:#.*)?$`);
  const start = lines.findIndex((line) => header.test(line.trimEnd()));
  const missing = new Map(Object.entries(values));
  if (start === -1) {
    const body = [`[${name}]`, ...Array.from(missing, ([key, value]) => `${key} = ${tomlString(value)}`)];
    const gap = text === '' || /\n\r?\n$/.test(text) ? '' : text.endsWith('\n') ? ending : ending + ending;
    return text + gap + body.join(ending) + ending;
  }
  let end = start + 1;
  let lastKey = start;
  for (; end < lines.length && !/^\s*\[/.test(lines[end] ?? ''); end++) {
    const line = lines[end] ?? '';
    const match = /^(\s*)([A-Za-z0-9_-]+)(\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^#\s]*)(\s*(?:#.*)?)$/.exec(
      line.trimEnd(),
    );
    if (/^\s*[^#\s]/.test(line)) lastKey = end;
    const value = match === null ? undefined : missing.get(match[2] ?? '');
    if (match === null || value === undefined) continue;
    const rest = line.slice(line.trimEnd().length);
    lines[end] = `${match[1]}${match[2]}${match[3]}${tomlString(value)}${match[5]}${rest}`;
    missing.delete(match[2] ?? '');
  }
  const added = Array.from(missing, ([key, value]) => `${key} = ${tomlString(value)}${ending}`);
  const last = lines[lastKey] ?? '';
  if (added.length > 0 && !last.endsWith('\n')) lines[lastKey] = last + ending;
  lines.splice(lastKey + 1, 0, ...added);
  return lines.join('');
}

async function parseToml(path: string, text: string): Promise<Record<string, unknown>> {
  const { parse } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    // The parser's message quotes the lines around; its first line says what and where.
    const why = messageOf(error).split('\n', 1)[0];
    throw new ZvaultError('CONFIG_INVALID', `${path}: ${why}`, { cause: error });
  }
}

function readText(path: string): string {
  try {
    return decodeText(readFileSync(path), path);
  } catch (error) {
    throw isZvaultError(error) ? error : fileError(error, 'read', path);
  }
}

function tomlString(text: string): string {
  // JSON's escapes are a subset of TOML's basic strings, but for DEL.
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

function sameToml(left: unknown, right: unknown): boolean {
  return left !== undefined && canonical(left) === canonical(right);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isTable(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function withoutUndefined<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
