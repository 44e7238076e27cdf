// An existing `.gitleaks.toml`: its allow lists hold for all our rules, its own rules run beside them.
// Source: https://github.com/gitleaks/gitleaks#configuration

import { ZvaultError } from '@zvault/core/domain';
import type { Allowlist } from './allowlist.ts';
import { type CustomRule, compileCustomRule } from './custom-rules.ts';
import { goToJs } from './go-regexp.ts';

export interface GitleaksConfig {
  readonly rules: readonly CustomRule[];
  readonly allowlists: readonly Allowlist[];
}

type Table = Record<string, unknown>;

/** @throws CONFIG_INVALID for a table of the wrong shape or a regular expression that has no counterpart */
export function readGitleaksConfig(table: Table): GitleaksConfig {
  const rules: CustomRule[] = [];
  for (const [index, rule] of listOf(table['rules']).entries()) {
    const { id, regex, description = id, keywords = [], entropy, secretGroup } = rule;
    if (typeof id !== 'string') throw new ZvaultError('CONFIG_INVALID', `.gitleaks.toml: rules[${index}] has no id`);
    // A rule without an expression only changes one of gitleaks' own, or goes by path alone.
    if (typeof regex !== 'string') continue;
    const place = `.gitleaks.toml: rule "${id}"`;
    const { source, flags } = goToJs(regex, place);
    rules.push(
      compileCustomRule(
        {
          id,
          title: typeof description === 'string' ? description : id,
          severity: 'high',
          pattern: source,
          ignoreCase: flags.includes('i'),
          multiline: flags.includes('m'),
          dotAll: flags.includes('s'),
          keywords: Array.isArray(keywords) ? keywords.filter((word): word is string => typeof word === 'string') : [],
          entropy: typeof entropy === 'number' ? entropy : undefined,
          group: typeof secretGroup === 'number' ? secretGroup : undefined,
          path: typeof rule['path'] === 'string' ? goToJs(rule['path'], place).source : undefined,
          allowlists: [...listOf(rule['allowlist']), ...listOf(rule['allowlists'])].map((list) =>
            allowlistOf(list, place),
          ),
        },
        place,
      ),
    );
  }
  const allowlists = [...listOf(table['allowlist']), ...listOf(table['allowlists'])].map((list) =>
    allowlistOf(list, '.gitleaks.toml'),
  );
  return { rules, allowlists };
}

function allowlistOf(table: Table, place: string): Allowlist {
  const texts = (key: string): string[] =>
    Array.isArray(table[key])
      ? (table[key] as unknown[]).filter((item): item is string => typeof item === 'string')
      : [];
  const patterns = (key: string): string[] =>
    texts(key).map((pattern) => {
      const { source, flags } = goToJs(pattern, place);
      // An inline flag of the whole expression has no place in JavaScript; the caller compiles without flags.
      return flags.includes('i') ? caseless(source) : source;
    });
  const { regexTarget, condition, targetRules } = table;
  return {
    condition: typeof condition === 'string' && /^(?:AND|&&)$/i.test(condition) ? 'AND' : 'OR',
    regexes: patterns('regexes'),
    regexTarget: regexTarget === 'line' || regexTarget === 'match' ? regexTarget : 'secret',
    paths: patterns('paths'),
    stopwords: texts('stopwords'),
    rules: Array.isArray(targetRules)
      ? targetRules.filter((rule): rule is string => typeof rule === 'string')
      : undefined,
  };
}

function listOf(value: unknown): Table[] {
  const items = Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
  return items.filter((item): item is Table => typeof item === 'object' && item !== null);
}

/** Letters outside of escapes become classes of both cases. */
function caseless(source: string): string {
  let inClass = false;
  return source.replace(/\\.|\[\^?|\]|\(\?<?[A-Za-z=!:]+>?|[A-Za-z]/g, (part) => {
    if (part.startsWith('[')) inClass = true;
    else if (part === ']') inClass = false;
    else if (part.length === 1)
      return inClass ? part.toLowerCase() + part.toUpperCase() : `[${part.toLowerCase()}${part.toUpperCase()}]`;
    return part;
  });
}
