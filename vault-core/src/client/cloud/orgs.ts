// Organisations and their members.

import type { Infer } from '../../wire/schema.ts';
import type { createMemberBody, createOrgBody, Member, Org, updateMemberBody } from '../../wire/shapes.ts';
import { decodeArray } from '../decode.ts';
import { path } from '../path.ts';
import { type CallOptions, type ManagementCalls, objectOf } from './calls.ts';

export class OrgsApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** Organisations of the caller, newest first. */
  async list(options: CallOptions = {}): Promise<Org[]> {
    const json = await this.#calls.at({ method: 'GET', rest: path`/v1/cloud/orgs`, ...options });
    return decodeArray(json, 'organizations') as Org[];
  }

  async get(org: string, options: CallOptions = {}): Promise<Org> {
    return objectOf(
      await this.#calls.inOrg(org, { method: 'GET', rest: path``, ...options }),
      'the organisation',
    ) as Org;
  }

  async create(body: Infer<typeof createOrgBody>, options: CallOptions = {}): Promise<Org> {
    const call = { method: 'POST', rest: path`/v1/cloud/orgs`, ...this.#calls.creation(body) } as const;
    return objectOf(await this.#calls.at({ ...call, ...options }), 'the organisation') as Org;
  }
}

export class MembersApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  async list(org: string, options: CallOptions = {}): Promise<Member[]> {
    const json = await this.#calls.inOrg(org, { method: 'GET', rest: path`/members`, ...options });
    return decodeArray(json, 'members') as Member[];
  }

  /** Without `user_id` the member stays pending until the person logs in. */
  async create(org: string, body: Infer<typeof createMemberBody>, options: CallOptions = {}): Promise<Member> {
    const call = { method: 'POST', rest: path`/members`, ...this.#calls.creation(body) } as const;
    return objectOf(await this.#calls.inOrg(org, { ...call, ...options }), 'the member') as Member;
  }

  /** `user`: the member's id or the person's. */
  async update(
    org: string,
    user: string,
    body: Infer<typeof updateMemberBody>,
    options: CallOptions = {},
  ): Promise<Member> {
    const call = { method: 'PATCH', rest: path`/members/${user}`, body } as const;
    return objectOf(await this.#calls.inOrg(org, { ...call, ...options }), 'the member') as Member;
  }

  async delete(org: string, user: string, options: CallOptions = {}): Promise<void> {
    await this.#calls.inOrg(org, { method: 'DELETE', rest: path`/members/${user}`, ...options });
  }
}
