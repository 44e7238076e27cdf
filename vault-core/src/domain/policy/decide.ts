// Whether policies allow a request. Deny wins, wherever it stands.

import type { Capability, CompiledPolicy, PolicyRule } from './policy.ts';

export interface Decision {
  readonly allowed: boolean;
  /** The policy whose rule decided; `null` when no rule speaks of the request, which refuses it. */
  readonly policy: string | null;
  /** The rule that decided: the first that denies, else the first that grants. */
  readonly rule: PolicyRule | null;
}

/** `path`: as it stands behind `/v1/`, decoded. `sudo` includes no other capability. Source: contract 3.2 */
export function decide(
  policies: readonly CompiledPolicy[],
  path: string,
  capability: Exclude<Capability, 'deny'>,
): Decision {
  let granted: Decision | undefined;
  for (const { name, rules } of policies) {
    for (const { rule, denies, matches } of rules) {
      // A grant changes nothing after the first, so only denies are still looked for.
      if (!denies && (granted !== undefined || !rule.capabilities.includes(capability))) continue;
      if (!matches(path)) continue;
      if (denies) return { allowed: false, policy: name, rule };
      granted = { allowed: true, policy: name, rule };
    }
  }
  return granted ?? { allowed: false, policy: null, rule: null };
}
