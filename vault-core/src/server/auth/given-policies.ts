// Which policies somebody may give to a token or a role: those that he has, and nobody but root more. Policies that deny go
// along: else whoever is denied something could give himself a token without the denial.

import { ZvaultError } from '../../domain/errors.ts';
import { identifierProblem, refuse } from '../../domain/names.ts';
import type { Caller } from '../vault-access.ts';

/** Policies of one token or role. */
const maxPolicies = 128;

type Giver = Pick<Caller, 'policies' | 'policyNames'>;

export function isRoot({ policyNames }: Giver): boolean {
  return policyNames.includes('root');
}

/** The names that are given, each once. @throws BAD_REQUEST, FORBIDDEN when the giver lacks one */
export function givenPolicies(giver: Giver, asked: readonly string[]): string[] {
  if (asked.length > maxPolicies) throw new ZvaultError('BAD_REQUEST', `give at most ${maxPolicies} policies`);
  for (const name of asked) refuse(identifierProblem('policy', name));
  if (isRoot(giver)) return [...new Set(asked)];
  const lacking = asked.find((name) => !giver.policyNames.includes(name));
  if (lacking !== undefined) {
    throw new ZvaultError('FORBIDDEN', `a token can't give the policy "${lacking}", which it does not have`, {
      hint: 'list policies of your own token only',
    });
  }
  const denying = giver.policies.filter(({ rules }) => rules.some(({ denies }) => denies)).map(({ name }) => name);
  return [...new Set([...asked, ...denying])];
}
