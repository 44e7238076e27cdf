// Finds the route of a path. Segments are split before they are decoded, so that a percent-encoded slash stays in its
// segment; a trailing slash is a segment of its own, as the wire contract has it.

import type { Method, ServedRoute } from '../../wire/route.ts';

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | undefined;
  /** The words that stand here are no value of the parameter. */
  exclusive: boolean;
  /** Takes all segments that are left. */
  rest: Node | undefined;
  readonly routes: Map<string, { route: ServedRoute; names: readonly string[] }>;
}

export type Match =
  | {
      readonly kind: 'route';
      readonly route: ServedRoute;
      readonly parameters: Readonly<Record<string, string>>;
      /** One object for all requests of a remembered path: looked up by it, a table need not compute the text's hash anew. */
      readonly path: string;
    }
  /** The path exists with other methods. */
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  /** A segment is not valid percent-encoding. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'none' };

/** Paths whose match is remembered, and how long they may be: clients ask for the same ones again and again. */
const maxRecent = 5000;
const maxRecentLength = 512;

export class Router {
  readonly #root: Node = node();
  readonly #recent = new Map<string, Match>();

  constructor(routes: readonly ServedRoute[]) {
    for (const route of routes) this.#add(route);
  }

  /** `path` starts with a slash and has no query. A HEAD request takes the route of GET. */
  match(method: string, path: string): Match {
    if (method !== 'GET' || path.length > maxRecentLength) return this.#find(method, path);
    const known = this.#recent.get(path);
    if (known) return known;
    const match = this.#find(method, path);
    if (match.kind !== 'route') return match;
    if (this.#recent.size >= maxRecent) this.#recent.clear();
    this.#recent.set(path, match);
    return match;
  }

  #find(method: string, path: string): Match {
    const segments = path.split('/');
    const values: string[] = [];
    const found = find(this.#root, segments, 1, values);
    if (!found) return { kind: 'none' };
    const entry = found.routes.get(method === 'HEAD' ? 'GET' : method);
    if (!entry) return { kind: 'method', allowed: allowedMethods(found) };
    // Names come from the route table, so a plain object is safe (and much faster than one without a prototype).
    const parameters: Record<string, string> = {};
    for (const [index, name] of entry.names.entries()) {
      const decoded = decode(values[index] ?? '');
      if (decoded === undefined) return { kind: 'malformed' };
      parameters[name] = decoded;
    }
    return { kind: 'route', route: entry.route, parameters, path };
  }

  #add(route: ServedRoute): void {
    let at = this.#root;
    const names: string[] = [];
    for (const segment of route.path.split('/').slice(1)) {
      const [, name, dots] = /^\{(\w+)(\.\.\.)?\}$/.exec(segment) ?? [];
      if (name === undefined) {
        let next = at.literals.get(segment);
        if (!next) at.literals.set(segment, (next = node()));
        at = next;
      } else {
        names.push(name);
        at.exclusive ||= name === 'mount';
        at = dots === undefined ? (at.parameter ??= node()) : (at.rest ??= node());
      }
    }
    at.routes.set(route.method, { route, names });
  }
}

/** Literals win over parameters, parameters over the rest; what leads nowhere is given up for the next. */
function find(at: Node, segments: readonly string[], index: number, values: string[]): Node | undefined {
  const segment = segments[index];
  if (segment === undefined) return at.routes.size === 0 ? undefined : at;
  const literal = at.literals.get(segment);
  const found = literal && find(literal, segments, index + 1, values);
  // An empty last segment is a trailing slash; an empty one in between names nothing, and the handler says so.
  if (found || (literal && at.exclusive) || (segment === '' && index === segments.length - 1)) return found;
  if (at.parameter) {
    values.push(segment);
    const rest = find(at.parameter, segments, index + 1, values);
    if (rest) return rest;
    values.pop();
  }
  if (at.rest) values.push(segments.slice(index).join('/'));
  return at.rest;
}

function allowedMethods(found: Node): string[] {
  const methods = [...found.routes.keys()] as (Method | 'HEAD')[];
  if (methods.includes('GET')) methods.push('HEAD');
  return methods.sort();
}

function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function node(): Node {
  return { literals: new Map(), parameter: undefined, exclusive: false, rest: undefined, routes: new Map() };
}
