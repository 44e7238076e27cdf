// Request paths: parts percent-encoded, and a template beside the text, so that logs can name the route without its parts.

import { ZvaultError } from '../domain/errors.ts';

export interface RequestPath {
  /** What is sent: encoded, without query. */
  readonly target: string;
  /** The same with `{}` for each part. */
  readonly template: string;
}

/** Makes a path from a template string: path`/v1/cloud/orgs/${org}`. @throws BAD_REQUEST for parts that a URL cannot carry. */
export function path(texts: TemplateStringsArray, ...parts: readonly string[]): RequestPath {
  let target = texts[0] ?? '';
  parts.forEach((part, index) => {
    target += encodePart(part) + (texts[index + 1] ?? '');
  });
  return { target, template: texts.join('{}') };
}

/** `base` with more behind it. */
export function under(base: RequestPath, rest: RequestPath): RequestPath {
  return { target: base.target + rest.target, template: base.template + rest.template };
}

/** A path of several segments, each encoded: `a/b c` becomes `a/b%20c`. */
export function encodeSegments(text: string): string {
  return text.split('/').map(encodePart).join('/');
}

function encodePart(part: string): string {
  if (part === '' || part === '.' || part === '..') {
    throw new ZvaultError('BAD_REQUEST', `a name in the path is ${part === '' ? 'empty' : `"${part}"`}`);
  }
  if (!part.isWellFormed()) throw new ZvaultError('BAD_REQUEST', 'a name in the path is not valid Unicode');
  return encodeURIComponent(part);
}

export type QueryValue = string | number | boolean | undefined;

/** `?a=1&b=x`, or nothing; `undefined` values are left out. */
export function formatQuery(query: Readonly<Record<string, QueryValue>> | undefined): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeQuery(name, value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function encodeQuery(name: string, value: string | number | boolean): string {
  const text = String(value);
  if (!text.isWellFormed()) throw new ZvaultError('BAD_REQUEST', `the query "${name}" is not valid Unicode`);
  return encodeURIComponent(text);
}
