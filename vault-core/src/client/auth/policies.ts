import type { Capability } from '../../domain/policy/policy.ts';
import type { DecisionReply, PolicyReply } from '../../wire/auth-shapes.ts';
import type { CallOptions } from '../cloud/calls.ts';
import { decodeArray, decodeObject } from '../decode.ts';
import { path } from '../path.ts';
import type { Requester } from '../requester.ts';

export class PoliciesApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Sorted. */
  async list(options: CallOptions = {}): Promise<string[]> {
    const call = { method: 'GET', path: path`/v1/sys/policies`, auth: 'vault' } as const;
    return decodeArray((await this.#requester.call({ ...call, ...options })).json, 'policies') as string[];
  }

  /** Capabilities in lower case, whatever the server writes. @throws NOT_FOUND */
  async read(name: string, options: CallOptions = {}): Promise<PolicyReply> {
    const call = { method: 'GET', path: path`/v1/sys/policies/${name}`, auth: 'vault' } as const;
    const { json } = await this.#requester.call({ ...call, ...options });
    const { rules } = decodeObject(json, 'the policy') as PolicyReply;
    const lower = rules.map((rule) => ({ ...rule, capabilities: rule.capabilities.map((text) => text.toLowerCase()) }));
    return { name, rules: lower };
  }

  /** Creates or replaces it. @throws BAD_REQUEST, FORBIDDEN (a built-in one) */
  async write(name: string, rules: PolicyReply['rules'], options: CallOptions = {}): Promise<void> {
    const call = { method: 'POST', path: path`/v1/sys/policies/${name}`, body: { rules }, auth: 'vault' } as const;
    await this.#requester.call({ ...call, repeatable: true, ...options });
  }

  /** Repeating it changes nothing. */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    const call = { method: 'DELETE', path: path`/v1/sys/policies/${name}`, auth: 'vault' } as const;
    await this.#requester.call({ ...call, repeatable: true, ...options });
  }

  /** What the policies of the client's own token say. `on`: a path as it stands behind `/v1/`. */
  async test(on: string, capability: Exclude<Capability, 'deny'>, options: CallOptions = {}): Promise<DecisionReply> {
    const call = { method: 'POST', path: path`/v1/auth/token/capabilities-self`, auth: 'vault' } as const;
    const body = { path: on, capability };
    const { json } = await this.#requester.call({ ...call, body, repeatable: true, ...options });
    return decodeObject(json, 'the decision') as DecisionReply;
  }
}
