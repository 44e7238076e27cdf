// Whose secrets: organisation, project and environment from the settings, from the token, or looked up by name.

import { ZvaultError } from '../domain/errors.ts';
import { isUuid } from '../domain/names.ts';
import type { Me, Org, Project } from '../wire/shapes.ts';
import { decodeArray, decodeObject } from './decode.ts';
import { detailsOf, isUnrouted } from './failures.ts';
import { Flight } from './flight.ts';
import { path, type RequestPath } from './path.ts';
import type { Requester } from './requester.ts';

const defaultEnvironment = 'development';

/** A project as requests name it: slugs, ids, or what the settings hold. */
export interface ProjectName {
  readonly org: string;
  readonly project: string;
}

/** One environment of one project; what is missing is the client's own. */
export interface Place {
  readonly org?: string | undefined;
  readonly project?: string | undefined;
  readonly environment?: string | undefined;
}

export class Scope {
  readonly #requester: Requester;
  #me: Flight<Me> | undefined;
  #identity: Me | undefined;
  readonly #projects = new Map<string, ProjectName>();

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Who the token is. Asked once. @throws NOT_FOUND (empty) where the server has no cloud routes */
  async identity(signal?: AbortSignal): Promise<Me> {
    if (this.#identity !== undefined) return this.#identity;
    if (this.#me === undefined || this.#me.over) this.#me = new Flight((life) => this.askIdentity(life));
    return this.#me.join(signal);
  }

  /** The same, asked anew. */
  async askIdentity(signal?: AbortSignal): Promise<Me> {
    const { json } = await this.#requester.call({ method: 'GET', path: path`/v1/cloud/me`, signal });
    this.#identity = identityOf(json);
    return this.#identity;
  }

  /** The token is another one now. */
  forget(): void {
    this.#identity = undefined;
    this.#me = undefined;
  }

  /** The environment of a place: named, or the client's, or the service token's own, or `development`. */
  async environment(place: Place, signal?: AbortSignal): Promise<string> {
    const named = this.knownEnvironment(place);
    if (named !== undefined) return named;
    const token = await this.#requester.tokens.current();
    // Only a service token can be bound to an environment; other tokens save the request.
    if (token?.expose().startsWith('zvt_') !== true) return defaultEnvironment;
    const { environment } = await this.identity(signal);
    return environment || defaultEnvironment;
  }

  /** The same without asking anybody. */
  knownEnvironment(place: Place): string | undefined {
    return (
      place.environment ??
      this.#requester.settings.environment ??
      (this.#identity === undefined ? undefined : this.#identity.environment || defaultEnvironment)
    );
  }

  /** Is the place's project the client's own, as far as is known without asking? */
  isOwn(place: Place): boolean {
    const { org, project } = this.#requester.settings;
    const orgs = [org, this.#identity?.org_id, this.#identity?.org_slug];
    const projects = [project, this.#identity?.project_id, this.#identity?.project_slug];
    const same = (name: string | undefined, names: typeof orgs): boolean => name === undefined || names.includes(name);
    return same(place.org, orgs) && same(place.project, projects);
  }

  /**
   * Organisation and project for paths that need both.
   * @throws CONFIG_INVALID when nothing tells them, NOT_FOUND when the project is not among those that the token sees
   */
  async project(place: Place, signal?: AbortSignal): Promise<ProjectName> {
    const { settings } = this.#requester;
    const org = place.org ?? settings.org;
    const project = place.project ?? settings.project;
    const resolved = this.#projects.get(keyOf(org, project));
    if (resolved !== undefined) return resolved;
    if (org !== undefined && project !== undefined) return { org, project };
    const me = await this.identity(signal);
    const orgOfToken = org ?? me.org_id ?? undefined;
    const projectOfToken = project ?? me.project_id ?? undefined;
    if (orgOfToken !== undefined && projectOfToken !== undefined) return { org: orgOfToken, project: projectOfToken };
    if (projectOfToken === undefined) throw unknownProject(me);
    return this.resolve({ org, project: projectOfToken }, signal);
  }

  /** Like `project`, as ids: older servers take nothing else in paths. Remembered. */
  async projectIds(place: Place, signal?: AbortSignal): Promise<ProjectName> {
    const name = await this.project(place, signal);
    return isUuid(name.org) && isUuid(name.project) ? name : this.resolve(name, signal);
  }

  /** Runs `work` with the project's names, and once more with its ids if the server only takes ids. */
  async withProject<T>(
    place: Place,
    signal: AbortSignal | undefined,
    work: (name: ProjectName) => Promise<T>,
  ): Promise<T> {
    const name = await this.project(place, signal);
    try {
      return await work(name);
    } catch (error) {
      if ((isUuid(name.org) && isUuid(name.project)) || !takesOnlyIds(error)) throw error;
      return work(await this.resolve(name, signal));
    }
  }

  /** Like `withProject` for paths that name an organisation only. */
  async withOrg<T>(org: string, signal: AbortSignal | undefined, work: (org: string) => Promise<T>): Promise<T> {
    try {
      return await work(org);
    } catch (error) {
      if (isUuid(org) || !takesOnlyIds(error)) throw error;
      const [found] = await this.#orgs(org, signal);
      if (found === undefined) throw new ZvaultError('NOT_FOUND', `no organisation "${org}" that the token can see`);
      return work(found.id);
    }
  }

  /** Finds a project by slug, id or name among those that the token sees. */
  async resolve(wanted: { org: string | undefined; project: string }, signal?: AbortSignal): Promise<ProjectName> {
    const key = keyOf(wanted.org, wanted.project);
    const before = this.#projects.get(key);
    if (before !== undefined) return before;
    const found: ProjectName[] = [];
    for (const org of await this.#orgs(wanted.org, signal)) {
      const projects = await this.#list<Project>(path`/v1/cloud/orgs/${org.id}/projects`, 'projects', signal);
      const named = projects.filter(({ id, slug }) => id === wanted.project || slug === wanted.project);
      const matching = named.length > 0 ? named : projects.filter(({ name }) => name === wanted.project);
      found.push(...matching.map(({ id }) => ({ org: org.id, project: id })));
    }
    const [first, second] = found;
    if (first === undefined)
      throw new ZvaultError('NOT_FOUND', `no project "${wanted.project}" that the token can see`);
    if (second !== undefined) {
      throw new ZvaultError('CONFIG_INVALID', `several organisations have a project "${wanted.project}"`, {
        hint: 'set ZVAULT_ORG too',
      });
    }
    this.#projects.set(key, first);
    return first;
  }

  async #orgs(wanted: string | undefined, signal: AbortSignal | undefined): Promise<Org[]> {
    const orgs = await this.#list<Org>(path`/v1/cloud/orgs`, 'organizations', signal);
    return orgs.filter((org) => wanted === undefined || org.id === wanted || org.slug === wanted);
  }

  async #list<T>(route: RequestPath, field: string, signal: AbortSignal | undefined): Promise<T[]> {
    try {
      const { json } = await this.#requester.call({ method: 'GET', path: route, signal });
      return decodeArray(json, field).map((item) => decodeObject(item, `an item of "${field}"`) as unknown as T);
    } catch (error) {
      if (isUnrouted(error) || detailsOf(error).status === 403) throw needsIds();
      throw error;
    }
  }
}

/** Servers of other makes tell less than ours. */
function identityOf(json: unknown): Me {
  const unknown = {
    org_id: null,
    org_slug: null,
    project_id: null,
    project_slug: null,
    environment: null,
    permissions: [],
    expires_at: null,
  };
  return { ...unknown, ...decodeObject(json, 'the identity') } as unknown as Me;
}

function keyOf(org: string | undefined, project: string | undefined): string {
  return JSON.stringify([org ?? '', project ?? '']);
}

/** An older server answers 400 with plain text to a path parameter that is not a UUID, before it does anything. */
function takesOnlyIds(error: unknown): boolean {
  const { status, body } = detailsOf(error);
  return status === 400 && body !== 'json';
}

function unknownProject(me: Me): ZvaultError {
  return me.auth_type === 'service_token'
    ? needsIds()
    : new ZvaultError('CONFIG_INVALID', 'no project is set', { hint: 'set ZVAULT_ORG and ZVAULT_PROJECT' });
}

function needsIds(): ZvaultError {
  return new ZvaultError('CONFIG_INVALID', 'this server does not tell organisation and project of the token', {
    hint: 'set ZVAULT_ORG_ID and ZVAULT_PROJECT_ID to their ids',
  });
}
