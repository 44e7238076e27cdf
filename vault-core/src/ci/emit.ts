// The way out, in two phases: every mask before the first byte of a variable, and all variables in one write.

import { type EncodeOptions, type Format, type Pair, encode } from './encode.ts';
import { type Plan, namesAfter, namesVariable } from './plan.ts';

export interface Sink {
  /** Hides a text in everything that is printed from now on. */
  readonly mask: (text: string) => void;
  /** Hands all variables over, at once. */
  readonly write: (text: string) => void;
}

export interface EmitOptions extends EncodeOptions {
  readonly format: Format;
  /** The environment of the job: what an earlier use has set is remembered. Undefined for formats that set no variables of a job. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The text of a plan in a format. @throws ZVCI-134, ZVCI-135 */
export function encodePlan(plan: Plan, options: EmitOptions): string {
  const pairs: Pair[] = plan.variables.map(({ name, value }) => ({ name, value }));
  if (options.environment !== undefined && pairs.length > 0) {
    pairs.push({ name: namesVariable, value: namesAfter(plan, options.environment) });
  }
  return encode(options.format, pairs, options);
}

/** Encodes first, so that a value which no format takes leaves nothing behind; then masks, then writes. */
export function emit(plan: Plan, options: EmitOptions, sink: Sink): void {
  const text = encodePlan(plan, options);
  for (const mask of plan.masks) sink.mask(mask);
  if (text !== '') sink.write(text);
}
