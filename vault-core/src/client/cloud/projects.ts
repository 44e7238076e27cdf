// Projects, their environments and their audit.

import type { Infer } from '../../wire/schema.ts';
import type {
  AuditEntry,
  createEnvironmentBody,
  createProjectBody,
  Environment,
  Project,
  updateEnvironmentBody,
  updateProjectBody,
} from '../../wire/shapes.ts';
import { badAnswer, decodeArray } from '../decode.ts';
import { path } from '../path.ts';
import { type CallOptions, type ManagementCalls, objectOf, type RemoveOptions } from './calls.ts';

export class ProjectsApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** Newest first. */
  async list(org: string, options: CallOptions = {}): Promise<Project[]> {
    const json = await this.#calls.inOrg(org, { method: 'GET', rest: path`/projects`, ...options });
    return decodeArray(json, 'projects') as Project[];
  }

  async get(org: string, project: string, options: CallOptions = {}): Promise<Project> {
    const json = await this.#calls.inProject({ org, project }, { method: 'GET', rest: path``, ...options });
    return objectOf(json, 'the project') as Project;
  }

  /** With environments `development`, `staging` and `production` unless `environments` says otherwise. */
  async create(org: string, body: Infer<typeof createProjectBody>, options: CallOptions = {}): Promise<Project> {
    const call = { method: 'POST', rest: path`/projects`, ...this.#calls.creation(body) } as const;
    return objectOf(await this.#calls.inOrg(org, { ...call, ...options }), 'the project') as Project;
  }

  async update(
    org: string,
    project: string,
    body: Infer<typeof updateProjectBody>,
    options: CallOptions = {},
  ): Promise<Project> {
    const call = { method: 'PATCH', rest: path``, body } as const;
    return objectOf(await this.#calls.inProject({ org, project }, { ...call, ...options }), 'the project') as Project;
  }

  /** It can be restored for a while. @throws CONFLICT when it holds secrets, without `force` */
  async delete(org: string, project: string, options: RemoveOptions = {}): Promise<void> {
    const { force, signal } = options;
    await this.#calls.inProject({ org, project }, { method: 'DELETE', rest: path``, query: { force }, signal });
  }

  async restore(org: string, project: string, options: CallOptions = {}): Promise<Project> {
    const json = await this.#calls.inProject({ org, project }, { method: 'POST', rest: path`/restore`, ...options });
    return objectOf(json, 'the project') as Project;
  }
}

export class EnvironmentsApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** By `sort_order`. */
  async list(org: string, project: string, options: CallOptions = {}): Promise<Environment[]> {
    const json = await this.#calls.inProject(
      { org, project },
      { method: 'GET', rest: path`/environments`, ...options },
    );
    return decodeArray(json, 'environments') as Environment[];
  }

  async create(
    org: string,
    project: string,
    body: Infer<typeof createEnvironmentBody>,
    options: CallOptions = {},
  ): Promise<Environment> {
    // Servers of other makes insist on a name.
    const named = { ...body, name: body.name ?? body.slug };
    const call = { method: 'POST', rest: path`/environments`, ...this.#calls.creation(named) } as const;
    return objectOf(
      await this.#calls.inProject({ org, project }, { ...call, ...options }),
      'the environment',
    ) as Environment;
  }

  async update(
    org: string,
    project: string,
    environment: string,
    body: Infer<typeof updateEnvironmentBody>,
    options: CallOptions = {},
  ): Promise<Environment> {
    const call = { method: 'PATCH', rest: path`/environments/${environment}`, body } as const;
    return objectOf(
      await this.#calls.inProject({ org, project }, { ...call, ...options }),
      'the environment',
    ) as Environment;
  }

  /** It can be restored for a while. @throws CONFLICT when it holds secrets, without `force` */
  async delete(org: string, project: string, environment: string, options: RemoveOptions = {}): Promise<void> {
    const { force, signal } = options;
    const rest = path`/environments/${environment}`;
    await this.#calls.inProject({ org, project }, { method: 'DELETE', rest, query: { force }, signal });
  }

  async restore(org: string, project: string, environment: string, options: CallOptions = {}): Promise<Environment> {
    const rest = path`/environments/${environment}/restore`;
    const json = await this.#calls.inProject({ org, project }, { method: 'POST', rest, ...options });
    return objectOf(json, 'the environment') as Environment;
  }
}

export interface AuditOptions extends CallOptions {
  /** At most so many entries, up to 1000. @default 50 */
  readonly limit?: number | undefined;
  /** Skip so many of the newest. */
  readonly offset?: number | undefined;
  /** The `cursor` of the last entry read: continue with older ones. */
  readonly after?: string | undefined;
}

export class AuditApi {
  readonly #calls: ManagementCalls;

  constructor(calls: ManagementCalls) {
    this.#calls = calls;
  }

  /** Newest first. */
  async list(org: string, project: string, options: AuditOptions = {}): Promise<AuditEntry[]> {
    const { signal, ...query } = options;
    const json = await this.#calls.inProject({ org, project }, { method: 'GET', rest: path`/audit`, query, signal });
    if (!Array.isArray(json)) throw badAnswer('it is not a list');
    return json as AuditEntry[];
  }
}
