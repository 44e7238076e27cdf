// Query strings, read by the route's own declaration.

import { ZvaultError } from '../../domain/errors.ts';
import type { Parameter, ServedRoute } from '../../wire/route.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const none: Query = {};

/** Parameters that the route declares; others are ignored. @throws BAD_REQUEST */
export function readQuery(route: ServedRoute, search: string): Query {
  if (search === '' || !route.query) return none;
  const found: Record<string, string | number | boolean | undefined> = {};
  const parameters = new URLSearchParams(search);
  for (const [name, parameter] of Object.entries(route.query)) {
    const text = parameters.get(name);
    if (text !== null) found[name] = readValue(name, parameter, text);
  }
  return found;
}

function readValue(name: string, { schema }: Parameter, text: string): string | number | boolean {
  const { type, minimum, maximum, format } = schema;
  const allowed = schema['enum'];
  if (type === 'integer') {
    const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (
      Number.isNaN(number) ||
      (typeof minimum === 'number' && number < minimum) ||
      (typeof maximum === 'number' && number > maximum)
    ) {
      throw wrong(
        name,
        `must be a whole number${typeof minimum === 'number' ? ` from ${minimum}` : ''}${typeof maximum === 'number' ? ` to ${maximum}` : ''}`,
      );
    }
    return number;
  }
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw wrong(name, 'must be true or false');
    return text === 'true';
  }
  if (Array.isArray(allowed) && !allowed.includes(text)) throw wrong(name, `must be one of: ${allowed.join(', ')}`);
  if (format === 'uuid' && !/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text))
    throw wrong(name, 'must be a UUID');
  return text;
}

function wrong(name: string, why: string): ZvaultError {
  return new ZvaultError('BAD_REQUEST', `the parameter "${name}" ${why}`);
}
