// Who may call a route of the vault API: the policies of a token, asked for a capability on a path. What was decided is
// remembered with the revisions of token and policies (memo.ts).

import type { Actor } from '../domain/actor.ts';
import { ZvaultError } from '../domain/errors.ts';
import { decide } from '../domain/policy/decide.ts';
import { type CompiledPolicy, type Policy, builtInPolicies, compilePolicy } from '../domain/policy/policy.ts';
import type { Access, PolicyNeed } from '../wire/route.ts';
import type { PresentedToken } from './access.ts';
import { lineageOf } from './auth/lineage.ts';
import { Memo } from './memo.ts';
import type { Records, TokenRecord, VaultTokenRecord } from './records.ts';
import { type Soon, soon } from './soon.ts';
import { keys } from './store/keys.ts';
import type { Reader, Store } from './store/store.ts';

/** Who calls a route of the vault API. */
export interface Caller {
  readonly actor: Actor;
  /** A service token only where everybody may do something with the own token. */
  readonly token: VaultTokenRecord | TokenRecord;
  /** Names, as the token has them. */
  readonly policyNames: readonly string[];
  /** Those that exist, in the token's order. */
  readonly policies: readonly CompiledPolicy[];
  /** Milliseconds; after it the caller must not be trusted. */
  readonly expiresAtMs: number | null;
}

type VaultAccess = Access & { identity: 'vault' };

interface Known {
  readonly caller: Caller;
  /** By capability and path. */
  readonly decisions: Map<string, boolean>;
}

const maxCallers = 20_000;
const maxDecisions = 2000;
const maxCompiled = 5000;

export interface VaultAccessOptions {
  readonly store: Store;
  readonly records: Records;
  readonly now: () => number;
  /** @throws UNAUTHORIZED unless the token's project and environment live */
  readonly requireLive: (reader: Reader, token: TokenRecord) => Promise<void>;
  /** The record of a token that is valid now. @throws UNAUTHORIZED */
  readonly authenticate: (reader: Reader, token: string) => Promise<VaultTokenRecord | TokenRecord>;
}

export class VaultAccessControl {
  readonly #options: VaultAccessOptions;
  readonly #callers: Memo<Known>;
  readonly #compiled = new Map<string, { readonly revision: number; readonly policy: CompiledPolicy }>();

  constructor(options: VaultAccessOptions) {
    this.#options = options;
    this.#callers = new Memo<Known>(options.store, { maxWeight: maxCallers });
  }

  /**
   * Authenticates the token and asks its policies. `identified` is told who it is, also when it is then refused.
   * @throws UNAUTHORIZED, FORBIDDEN
   */
  authorize(
    token: PresentedToken,
    access: VaultAccess,
    parameters: Readonly<Record<string, string>>,
    identified: (caller: Caller) => void,
  ): Soon<Caller> {
    const known = this.#callers.get('vault', token.hash, (reader) => this.#load(reader, token.text));
    return soon(known, ({ caller, decisions }) => {
      if (caller.expiresAtMs !== null && caller.expiresAtMs <= this.#options.now()) {
        throw new ZvaultError('UNAUTHORIZED', 'the token has expired', { hint: 'create a new one' });
      }
      identified(caller);
      if (caller.token.kind === 'service') {
        if (access.self) return caller;
        throw new ZvaultError('FORBIDDEN', 'a service token can’t do this', { hint: 'use a token of the vault' });
      }
      if (access.policy !== 'any') requireGrant(caller, decisions, access.policy, parameters);
      return caller;
    });
  }

  /** Forgets every caller: on seal. */
  clear(): void {
    this.#callers.clear();
    this.#compiled.clear();
  }

  /** The policies of these names that exist, in their order. */
  async policies(reader: Reader, names: readonly string[]): Promise<CompiledPolicy[]> {
    const found: CompiledPolicy[] = [];
    for (const name of names) {
      const policy = builtIns.get(name) ?? (await this.#policy(reader, name));
      if (policy) found.push(policy);
    }
    return found;
  }

  async #load(reader: Reader, text: string): Promise<Known> {
    const { authenticate, requireLive, records, now } = this.#options;
    const token = await authenticate(reader, text);
    if (token.kind === 'service') await requireLive(reader, token);
    const policyNames = policyNamesOf(token);
    const policies = await this.policies(reader, policyNames);
    const { expiresAtMs } = await lineageOf(reader, records, token, now());
    const caller = { actor: actorOf(token), token, policyNames, policies, expiresAtMs };
    return { caller, decisions: new Map() };
  }

  /** Compiled once for each revision; the read goes through `reader`, which notes it. */
  async #policy(reader: Reader, name: string): Promise<CompiledPolicy | undefined> {
    const key = keys.policy(name);
    const entry = await reader.get(key);
    if (!entry) return undefined;
    const known = this.#compiled.get(name);
    if (known?.revision === entry.revision) return known.policy;
    const policy = compilePolicy(await this.#options.records.open<Policy>(reader, key, entry.value));
    if (this.#compiled.size >= maxCompiled) this.#compiled.clear();
    this.#compiled.set(name, { revision: entry.revision, policy });
    return policy;
  }
}

const builtIns: ReadonlyMap<string, CompiledPolicy> = new Map(
  Object.values(builtInPolicies).map((policy) => [policy.name, compilePolicy(policy)]),
);

export function policyNamesOf(token: VaultTokenRecord | TokenRecord): readonly string[] {
  if (token.kind === 'vault') return token.policies;
  return token.kind === 'root' ? ['root'] : [];
}

function actorOf(token: VaultTokenRecord | TokenRecord): Actor {
  const { id } = token;
  if (token.kind === 'vault' && token.person) {
    const { issuer, subject } = token.person;
    return { type: 'user', id: subject, issuer, token_id: id, via: 'api' };
  }
  if (token.kind === 'root') return { type: 'root', id: 'root', issuer: null, token_id: id, via: 'api' };
  const type = token.kind === 'vault' ? 'vault_token' : 'service_token';
  return { type, id, issuer: null, token_id: id, via: 'api' };
}

function requireGrant(
  caller: Caller,
  decisions: Map<string, boolean>,
  { path: template, capability }: PolicyNeed,
  parameters: Readonly<Record<string, string>>,
): void {
  const path = filled(template, parameters);
  const name = `${capability} ${path}`;
  let allowed = decisions.get(name);
  if (allowed === undefined) {
    ({ allowed } = decide(caller.policies, path, capability));
    if (decisions.size >= maxDecisions) decisions.clear();
    decisions.set(name, allowed);
  }
  if (!allowed) {
    throw new ZvaultError('FORBIDDEN', `the token's policies don't grant "${capability}" on this path`, {
      hint: `ask for a policy that grants it; "zvault policy test" says which rule decides`,
    });
  }
}

/** Templates without parameters are the path; the others are filled once for each remembered match of the router. */
const filledPaths = new WeakMap<object, string>();

function filled(template: string, parameters: Readonly<Record<string, string>>): string {
  if (!template.includes('{')) return template;
  const known = filledPaths.get(parameters);
  if (known !== undefined) return known;
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '');
  filledPaths.set(parameters, path);
  return path;
}
