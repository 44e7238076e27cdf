// What the management methods share: paths below an organisation or a project, creation ids, decoding.

import type { Readable } from 'node:stream';
import type { Method } from '../../wire/route.ts';
import { decodeObject } from '../decode.ts';
import { path, type QueryValue, type RequestPath, under } from '../path.ts';
import type { Auth, Requester } from '../requester.ts';
import type { ProjectName, Scope } from '../scope.ts';
import { newUuid } from '../uuid.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface RemoveOptions extends CallOptions {
  /** Delete although it holds secrets; takes an admin. @default false */
  readonly force?: boolean | undefined;
}

export interface ManagementCall extends CallOptions {
  readonly method: Method;
  /** Below the organisation or project. */
  readonly rest: RequestPath;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  readonly repeatable?: boolean;
  readonly auth?: Auth;
  readonly accept?: readonly number[];
  readonly hide?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly stream?: () => Readable;
  readonly timeoutMs?: number;
}

export class ManagementCalls {
  readonly requester: Requester;
  readonly #scope: Scope;

  constructor(requester: Requester, scope: Scope) {
    this.requester = requester;
    this.#scope = scope;
  }

  /**
   * The body of a creation, with an id made here if the caller gave none: sent twice, it still makes one object. Older servers
   * ignore the id, so there it is sent once.
   */
  creation<T extends object>(
    body: T & { readonly id?: string | undefined },
  ): { body: T & { id: string }; repeatable: boolean } {
    const repeatable = this.requester.dialect.current === 'bulk';
    return { body: { ...body, id: body.id ?? newUuid(this.requester.settings.host) }, repeatable };
  }

  async at(call: ManagementCall): Promise<unknown> {
    const { rest, ...others } = call;
    return (await this.requester.call({ ...others, path: rest })).json;
  }

  inOrg(org: string, call: ManagementCall): Promise<unknown> {
    return this.#scope.withOrg(org, call.signal, (name) =>
      this.at({ ...call, rest: under(path`/v1/cloud/orgs/${name}`, call.rest) }),
    );
  }

  inProject(name: ProjectName, call: ManagementCall): Promise<unknown> {
    return this.#scope.withProject(name, call.signal, ({ org, project }) =>
      this.at({ ...call, rest: under(path`/v1/cloud/orgs/${org}/projects/${project}`, call.rest) }),
    );
  }
}

/** An object of the wire: that it is one is checked, its fields are the server's word. */
export function objectOf(json: unknown, what: string): unknown {
  return decodeObject(json, what);
}
