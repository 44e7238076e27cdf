// What a rule is. Rules are data: the engine (engine/engine.ts) is the only thing that runs them, the sampler
// (samples/sampler.ts) makes true and false examples from the same data, and a user's `[[rules]]` have the same shape.

import type { CheckName } from './checks/index.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low';

/**
 * How a finding is recognised. `format`: the text itself has a vendor's shape. `structured`: it stands where a credential stands
 * (a URL, a header). `generic`: a name says so. Of findings that overlap, the surer one is reported.
 */
type Confidence = 'format' | 'structured' | 'generic';

/** A rule as it is written down. */
export interface RuleSpec {
  /** Stable, kebab case. */
  readonly id: string;
  readonly title: string;
  /** @default 'high' */
  readonly severity?: Severity;
  /** @default 'format', or 'generic' for an assigned rule */
  readonly confidence?: Confidence;
  /**
   * Literal texts of three or more bytes (any case), one of which every match has; what the filter looks for. A match starts at the
   * keyword, unless `lead` says what may stand before it. The first byte(s) may be a class: `["'=]SK`.
   */
  readonly keywords: readonly string[];
  /** JavaScript regular expression. The secret is group 1 if there is one, else the whole match. No unbounded repeats at its start. */
  readonly pattern: string;
  /** The pattern is the whole value assigned to a name that has a keyword in it: `datadog_key = "<pattern>"`. */
  readonly assigned?: true;
  /** For an assigned rule: what the whole name must match (case is ignored). */
  readonly name?: string;
  /** @default false: case matters */
  readonly ignoreCase?: true;
  /** Characters (inside of a class) that the match may have before its keyword, and how many at most. */
  readonly lead?: { readonly chars: string; readonly max: number };
  /** Characters (inside of a class) that must not stand before the match. @default 'A-Za-z0-9_' */
  readonly left?: string;
  /** Characters that must not follow it. @default 'A-Za-z0-9_' */
  readonly right?: string;
  /** Least Shannon entropy of the secret in bits a character. */
  readonly entropy?: number;
  /** Offline checks that the secret must pass. */
  readonly checks?: readonly CheckName[];
  /** A text (regular expression, case ignored) that must stand within 200 bytes on either side. */
  readonly near?: string;
  /** Secrets that contain a made-up word or sequence are reported, too. @default false */
  readonly anyValue?: true;
  /** What is never reported. */
  readonly allow?: { readonly values?: readonly string[]; readonly paths?: readonly string[] };
  /** Templates of examples (see samples/sampler.ts); `{match}` is a text made from the pattern. @default ['{match}'] and its damaged forms */
  readonly samples?: { readonly true?: readonly string[]; readonly false?: readonly string[] };
}

export interface Rule extends RuleSpec {
  readonly severity: Severity;
  readonly confidence: Confidence;
}

/** Fills in the defaults. */
export function defineRules(specs: readonly RuleSpec[]): readonly Rule[] {
  return specs.map((spec) => ({
    severity: 'high',
    confidence: spec.assigned === true ? 'generic' : 'format',
    ...spec,
  }));
}
