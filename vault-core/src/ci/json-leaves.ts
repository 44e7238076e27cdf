// The texts inside a JSON value: for variables of their own, and for masks.

import { ciError } from './errors.ts';

export interface Leaf {
  readonly path: readonly string[];
  /** A text as it is; numbers, booleans and null as JSON writes them. */
  readonly text: string;
  /** True for what was a text in the JSON. */
  readonly isText: boolean;
}

/** Leaves of an object or a list. @throws ZVCI-100 when the value is neither; its text is not repeated */
export function parseJsonLeaves(key: string, value: string): Leaf[] {
  const leaves = jsonLeaves(value);
  if (leaves !== undefined) return leaves;
  throw ciError('ZVCI-100', `"parse-json" names "${key}", whose value is no JSON object or list`);
}

/** The same; undefined when the value is no JSON object or list. */
export function jsonLeaves(value: string): Leaf[] | undefined {
  if (!/^\s*[{[]/.test(value)) return undefined;
  try {
    const leaves: Leaf[] = [];
    collect(JSON.parse(value), [], leaves);
    return leaves;
  } catch {
    return undefined;
  }
}

/** Deeper values are no configuration, and would take the stack. */
const maxDepth = 64;

function collect(value: unknown, path: readonly string[], leaves: Leaf[]): void {
  if (path.length > maxDepth) throw new RangeError('too deep');
  if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) collect(part, [...path, name], leaves);
  } else if (typeof value === 'string') leaves.push({ path, text: value, isText: true });
  else leaves.push({ path, text: JSON.stringify(value), isText: false });
}
