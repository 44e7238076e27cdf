// `zvault://` references: the text that stands in a file where a value must not.
//
//   zvault://env/<project>/<KEY>[#field]            the key in the environment that is chosen at run time
//   zvault://cloud/[<org>/]<project>/<env>/<KEY>    one environment's key
//   zvault://kv/<path>[?version=N][#field]          a path of the vault's KV store
//   zvault://<project>/<KEY>[?env=<env>][#field]    cloud when a cloud project is configured, else the KV path
//   zvault://<name>, zvault://<a>/<b>/<c>…[#field]  a KV path
//
// Each part is percent-encoded, `/` included.

import { ZvaultError } from './errors.ts';

export const referenceScheme = 'zvault://';

export type Reference =
  | { readonly kind: 'env'; readonly project: string; readonly key: string; readonly field?: string }
  | {
      readonly kind: 'cloud';
      readonly org?: string;
      readonly project: string;
      readonly environment: string;
      readonly key: string;
      readonly version?: number;
      readonly field?: string;
    }
  | { readonly kind: 'kv'; readonly path: string; readonly version?: number; readonly field?: string }
  | {
      readonly kind: 'project';
      readonly project: string;
      readonly key: string;
      readonly environment?: string;
      readonly version?: number;
      readonly field?: string;
    };

/** True if the whole text is meant as a reference (the scheme stands at its start). */
export function isReference(text: string): boolean {
  return text.startsWith(referenceScheme);
}

/**
 * Parses a reference in any of its forms.
 * @throws REFERENCE_INVALID when the text is none, or a part is empty, `.`, `..` or wrongly encoded.
 */
export function parseReference(text: string): Reference {
  if (!isReference(text)) throw invalid(text, `it does not start with ${referenceScheme}`);
  const { path, query, field } = split(text);
  const parts = path.split('/').map((part) => decodePart(text, part));
  const [first = '', second, third, fourth] = parts;
  const options = { ...readQuery(text, query, first), ...(field === undefined ? {} : { field }) };
  if (first === 'env' && parts.length >= 3) {
    refuseOptions(text, query, 'env');
    return {
      kind: 'env',
      project: second ?? '',
      key: parts.slice(2).join('/'),
      ...(field === undefined ? {} : { field }),
    };
  }
  if (first === 'cloud') {
    const { environment: _, ...rest } = options;
    if (parts.length === 4)
      return { kind: 'cloud', project: second ?? '', environment: third ?? '', key: fourth ?? '', ...rest };
    if (parts.length === 5) {
      return {
        kind: 'cloud',
        org: second ?? '',
        project: third ?? '',
        environment: fourth ?? '',
        key: parts[4] ?? '',
        ...rest,
      };
    }
    throw invalid(
      text,
      'zvault://cloud/ takes project, environment and key, with the organisation before them if wanted',
    );
  }
  const { environment, ...kvOptions } = options;
  if (first === 'kv') {
    if (parts.length < 2) throw invalid(text, 'zvault://kv/ needs a path');
    return { kind: 'kv', path: parts.slice(1).join('/'), ...kvOptions };
  }
  if (parts.length === 2) return { kind: 'project', project: first, key: second ?? '', ...options };
  if (environment !== undefined) throw invalid(text, '"env" goes with zvault://<project>/<KEY> only');
  return { kind: 'kv', path: parts.join('/'), ...kvOptions };
}

/** The canonical text of a reference; `parseReference` gives the same object back. */
export function formatReference(reference: Reference): string {
  const query = new URLSearchParams();
  let parts: string[];
  switch (reference.kind) {
    case 'env':
      parts = ['env', reference.project, reference.key];
      break;
    case 'cloud':
      parts = [
        'cloud',
        ...(reference.org === undefined ? [] : [reference.org]),
        reference.project,
        reference.environment,
        reference.key,
      ];
      break;
    case 'kv':
      parts = ['kv', ...reference.path.split('/')];
      break;
    case 'project':
      parts = [reference.project, reference.key];
      if (reference.environment !== undefined) query.set('env', reference.environment);
      break;
  }
  if (reference.kind !== 'env' && reference.version !== undefined) query.set('version', String(reference.version));
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  const field = reference.field === undefined ? '' : `#${encodeURIComponent(reference.field)}`;
  return referenceScheme + parts.map(encodeURIComponent).join('/') + search + field;
}

function split(text: string): { path: string; query: string | undefined; field: string | undefined } {
  let rest = text.slice(referenceScheme.length);
  let field: string | undefined;
  let query: string | undefined;
  const hash = rest.indexOf('#');
  if (hash !== -1) {
    field = decodePart(text, rest.slice(hash + 1));
    rest = rest.slice(0, hash);
  }
  const mark = rest.indexOf('?');
  if (mark !== -1) {
    query = rest.slice(mark + 1);
    rest = rest.slice(0, mark);
  }
  return { path: rest, query, field };
}

function decodePart(text: string, part: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(part);
  } catch {
    throw invalid(text, 'a part is not valid percent-encoding');
  }
  if (decoded === '') throw invalid(text, 'a part is empty');
  if (decoded === '.' || decoded === '..') throw invalid(text, 'the parts "." and ".." are refused');
  return decoded;
}

function readQuery(text: string, query: string | undefined, first: string): { version?: number; environment?: string } {
  const found: { version?: number; environment?: string } = {};
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    if (name === 'version' && /^[1-9]\d{0,8}$/.test(value)) found.version = Number(value);
    else if (name === 'env' && value !== '' && first !== 'kv' && first !== 'cloud') found.environment = value;
    else throw invalid(text, `"?${name}" is not known here, or its value is not valid`);
  }
  return found;
}

function refuseOptions(text: string, query: string | undefined, form: string): void {
  if (query !== undefined) throw invalid(text, `zvault://${form}/ takes no "?" part`);
}

function invalid(text: string, why: string): ZvaultError {
  // The text may be a value that merely starts like a reference, so only its length is told.
  return new ZvaultError('REFERENCE_INVALID', `not a valid reference (${text.length} characters): ${why}`, {
    hint: 'write zvault://env/<project>/<KEY> or zvault://cloud/<project>/<environment>/<KEY>',
  });
}
