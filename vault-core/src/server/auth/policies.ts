// Policies in the store. The built-in ones are in the code, and can't be changed.

import { ZvaultError } from '../../domain/errors.ts';
import { identifierProblem, refuse } from '../../domain/names.ts';
import { type Policy, builtInPolicies, isBuiltInPolicy, parsePolicy } from '../../domain/policy/policy.ts';
import type { Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';

/** Rules as they came. */
export type NewRules = Parameters<typeof parsePolicy>[1];

/** All names, sorted, the built-in ones included. */
export async function listPolicies(reader: Reader): Promise<string[]> {
  const entries = await reader.scan({ prefix: keys.policyPrefix });
  const names = entries.map(({ key }) => key.slice(keys.policyPrefix.length));
  return [...names, ...Object.keys(builtInPolicies)].sort();
}

/** @throws NOT_FOUND */
export async function readPolicy(reader: Reader, records: Records, name: string): Promise<Policy> {
  if (isBuiltInPolicy(name)) return builtInPolicies[name];
  const policy = await records.read<Policy>(reader, keys.policy(name));
  if (!policy) throw new ZvaultError('NOT_FOUND', 'there is no such policy');
  return policy;
}

/** Creates or replaces it. Tokens that bear its name follow at once. @throws BAD_REQUEST, FORBIDDEN (a built-in one) */
export async function writePolicy(
  transaction: Transaction,
  records: Records,
  name: string,
  rules: NewRules,
): Promise<Policy> {
  refuseBuiltIn(name);
  const policy = parsePolicy(name, rules);
  await records.write(transaction, keys.policy(name), policy);
  return policy;
}

/** Deleting one that is not there changes nothing. @throws BAD_REQUEST, FORBIDDEN (a built-in one) */
export async function deletePolicy(transaction: Transaction, name: string): Promise<void> {
  refuseBuiltIn(name);
  refuse(identifierProblem('policy', name));
  await transaction.delete(keys.policy(name));
}

function refuseBuiltIn(name: string): void {
  if (isBuiltInPolicy(name)) throw new ZvaultError('FORBIDDEN', `the policy ${name} is built in and can't be changed`);
}
