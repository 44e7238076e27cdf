// Rules that a user brings. Their patterns are not ours to vouch for, so they run in a context of their own with a time budget for
// each file; what takes longer is stopped and named.

import { createContext, Script } from 'node:vm';
import { ZvaultError } from '@zvault/core/domain';
import { shannonEntropy } from '../engine/entropy.ts';
import type { Match } from '../engine/engine.ts';
import type { Rule, Severity } from '../rule.ts';
import { type Allowlist, allowlistCovers } from './allowlist.ts';

/** Milliseconds that one rule may spend on one file. */
const customRuleBudgetMs = 2000;

export interface CustomRuleSpec {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly pattern: string;
  readonly keywords: readonly string[];
  readonly entropy?: number | undefined;
  /** The capturing group that is the secret; default: the first that took part, else the whole match. */
  readonly group?: number | undefined;
  /** Only for files whose path this matches. */
  readonly path?: string | undefined;
  readonly ignoreCase?: boolean | undefined;
  readonly multiline?: boolean | undefined;
  readonly dotAll?: boolean | undefined;
  readonly allowlists: readonly Allowlist[];
}

export interface CustomRule extends CustomRuleSpec {
  readonly rule: Rule;
  readonly script: Script;
  readonly pathPattern: RegExp | undefined;
}

/** @throws CONFIG_INVALID for a pattern that is no regular expression */
export function compileCustomRule(spec: CustomRuleSpec, place: string): CustomRule {
  const flags = `dg${spec.ignoreCase === true ? 'i' : ''}${spec.multiline === true ? 'm' : ''}${spec.dotAll === true ? 's' : ''}`;
  try {
    void new RegExp(spec.pattern, flags);
    const pathPattern = spec.path === undefined ? undefined : new RegExp(spec.path);
    for (const list of spec.allowlists)
      for (const pattern of [...list.regexes, ...list.paths]) void new RegExp(pattern);
    const code = `spans = [];
      pattern = new RegExp(${JSON.stringify(spec.pattern)}, ${JSON.stringify(flags)});
      for (const found of text.matchAll(pattern)) {
        if (found[0] === '') continue;
        const group = ${spec.group === undefined ? '(found.findIndex((part, index) => index > 0 && part !== undefined && part !== ""))' : String(spec.group)};
        const span = found.indices[Math.max(group, 0)] ?? found.indices[0];
        spans.push(span[0], span[1], found.index, found.index + found[0].length);
        if (spans.length > 40000) break;
      }`;
    const rule: Rule = {
      id: spec.id,
      title: spec.title,
      severity: spec.severity,
      confidence: 'structured',
      keywords: spec.keywords,
      pattern: spec.pattern,
    };
    return { ...spec, rule, script: new Script(code), pathPattern };
  } catch (error) {
    throw new ZvaultError('CONFIG_INVALID', `${place}: a pattern is no regular expression`, {
      hint: "write it in JavaScript's syntax",
      cause: error,
    });
  }
}

export class CustomRules {
  readonly #rules: readonly CustomRule[];
  readonly #sandbox: { text: string; spans: number[]; pattern: unknown } = { text: '', spans: [], pattern: undefined };
  readonly #onSlow: (rule: string, path: string) => void;

  constructor(rules: readonly CustomRule[], onSlow: (rule: string, path: string) => void) {
    this.#rules = rules;
    this.#onSlow = onSlow;
    createContext(this.#sandbox);
  }

  /** Matches of all rules in a text of which each character is one byte. */
  find(text: string, path: string): Match[] {
    const matches: Match[] = [];
    const lower = text.toLowerCase();
    for (const custom of this.#rules) {
      if (custom.pathPattern && !custom.pathPattern.test(path)) continue;
      if (custom.keywords.length > 0 && !custom.keywords.some((keyword) => lower.includes(keyword.toLowerCase())))
        continue;
      this.#sandbox.text = text;
      try {
        custom.script.runInContext(this.#sandbox, { timeout: customRuleBudgetMs });
      } catch {
        this.#onSlow(custom.id, path);
        continue;
      }
      const { spans } = this.#sandbox;
      for (let i = 0; i + 3 < spans.length; i += 4) {
        const [start = 0, end = 0, from = 0, to = 0] = spans.slice(i, i + 4);
        const secret = text.slice(start, end);
        if (custom.entropy !== undefined && shannonEntropy(secret) < custom.entropy) continue;
        const finding = { path, secret, match: text.slice(from, to), line: lineOf(text, start), rule: custom.id };
        if (!custom.allowlists.some((list) => allowlistCovers(list, finding)))
          matches.push({ rule: custom.rule, start, end });
      }
    }
    this.#sandbox.text = '';
    return matches;
  }
}

function lineOf(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end === -1 ? text.length : end);
}
