// What a policy is: rules that give capabilities on paths of the vault API, or deny everything there.

import { ZvaultError } from '../errors.ts';
import { identifierProblem, refuse } from '../names.ts';
import { type Glob, compileGlob } from './glob.ts';

export const capabilities = ['read', 'list', 'create', 'update', 'delete', 'sudo', 'deny'] as const;
export type Capability = (typeof capabilities)[number];

export interface PolicyRule {
  /** A glob over paths as they stand behind `/v1/`: `secret/data/team/**`. */
  readonly path: string;
  /** A rule with `deny` denies everything on its paths, whatever else it lists. */
  readonly capabilities: readonly Capability[];
}

export interface Policy {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

/** Ready to decide. */
export interface CompiledPolicy {
  readonly name: string;
  readonly rules: readonly CompiledRule[];
}

interface CompiledRule {
  readonly rule: PolicyRule;
  readonly denies: boolean;
  readonly matches: Glob;
}

/** Rules of one policy. A decision looks at all of them. */
const maxRules = 1000;

/** There from the beginning, and never changed. Source: contract 3.2 */
export const builtInPolicies = {
  root: {
    name: 'root',
    rules: [{ path: '**', capabilities: ['read', 'list', 'create', 'update', 'delete', 'sudo'] }],
  },
  default: {
    name: 'default',
    rules: [
      { path: 'auth/token/lookup-self', capabilities: ['read'] },
      { path: 'auth/token/renew-self', capabilities: ['update'] },
    ],
  },
} as const satisfies Record<string, Policy>;

export function isBuiltInPolicy(name: string): name is keyof typeof builtInPolicies {
  return Object.hasOwn(builtInPolicies, name);
}

/**
 * Rules as people write them: capabilities in any case, possibly twice.
 * @throws BAD_REQUEST naming the rule (from 1) and what is wrong
 */
export function parsePolicy(
  name: string,
  rules: readonly { readonly path: string; readonly capabilities: readonly string[] }[],
): Policy {
  refuse(identifierProblem('policy', name));
  if (rules.length === 0) throw new ZvaultError('BAD_REQUEST', 'a policy must have at least one rule');
  if (rules.length > maxRules) throw new ZvaultError('BAD_REQUEST', `a policy must have at most ${maxRules} rules`);
  const policy: Policy = {
    name,
    rules: rules.map(({ path, capabilities: listed }, index) => ({
      path,
      capabilities: [...new Set(listed.map((text) => parseCapability(text, `rule ${index + 1}`)))],
    })),
  };
  for (const [index, rule] of policy.rules.entries()) checkRule(rule, `rule ${index + 1}`);
  compilePolicy(policy);
  return policy;
}

/** The capability that a text names, in any case. @throws BAD_REQUEST naming the place */
export function parseCapability(text: string, place: string): Capability {
  const known = capabilities.find((capability) => capability === text.toLowerCase());
  if (known !== undefined) return known;
  throw new ZvaultError('BAD_REQUEST', `${place}: unknown capability`, {
    hint: text.toLowerCase() === 'write' ? 'say create and update instead of write' : `use ${capabilities.join(', ')}`,
  });
}

/** @throws BAD_REQUEST naming the rule (from 1) whose path is malformed */
export function compilePolicy(policy: Policy): CompiledPolicy {
  return {
    name: policy.name,
    rules: policy.rules.map((rule, index) => ({
      rule,
      denies: rule.capabilities.includes('deny'),
      matches: compileAt(rule.path, `rule ${index + 1}`),
    })),
  };
}

function checkRule({ path, capabilities: listed }: PolicyRule, place: string): void {
  if (listed.length === 0) throw new ZvaultError('BAD_REQUEST', `${place}: no capabilities`);
  // Neither could ever match, and a deny that never matches is a leak.
  if (/^!*\/|^!*v1\//.test(path)) {
    throw new ZvaultError('BAD_REQUEST', `${place}: a path has neither a leading slash nor "v1/"`, {
      hint: 'write for example secret/data/team/**',
    });
  }
  if (!path.isWellFormed()) throw new ZvaultError('BAD_REQUEST', `${place}: the path must be valid Unicode`);
}

function compileAt(path: string, place: string): Glob {
  try {
    return compileGlob(path);
  } catch (error) {
    throw error instanceof ZvaultError ? new ZvaultError(error.code, `${place}: ${error.message}`) : error;
  }
}
