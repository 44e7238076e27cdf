// Who may do what to which object: the one place where a token and a path become an authorised request. What it read is
// remembered with its revisions (memo.ts), so that a repeated authorisation costs one question to the store.

import type { Actor } from '../domain/actor.ts';
import { ZvaultError } from '../domain/errors.ts';
import { hasTokenPrefix, hashToken, tokenKind } from '../domain/token.ts';
import type { Access, ScopeKind } from '../wire/route.ts';
import { type Permission, type Role, permissions as allPermissions } from '../wire/words.ts';
import type { Issuers, VerifiedIdentity } from './identity/issuers.ts';
import { bindIssuer, findMember } from './cloud/members.ts';
import { findEnvironment, findOrg, findProject, findProjectAnywhere } from './cloud/find.ts';
import { Memo } from './memo.ts';
import type { EnvironmentRecord, OrgRecord, ProjectRecord, Records, TokenRecord, VaultTokenRecord } from './records.ts';
import { type Soon, soon } from './soon.ts';
import { keys } from './store/keys.ts';
import type { Reader, Store } from './store/store.ts';
import { VaultAccessControl } from './vault-access.ts';

/** Whose token it is. */
export type Principal =
  | { readonly kind: 'root'; readonly actor: Actor; readonly token: TokenRecord }
  | { readonly kind: 'service'; readonly actor: Actor; readonly token: TokenRecord }
  | { readonly kind: 'user'; readonly actor: Actor; readonly identity: PersonIdentity };

/** A person by an identity token, or by a session that began with one. */
type PersonIdentity = Pick<VerifiedIdentity, 'issuer' | 'subject' | 'email' | 'name'> & {
  /** Milliseconds. */
  readonly expiresAtMs: number | null;
};

/** An authorised request: who, on what, with which rights. */
export interface Grant {
  readonly principal: Principal;
  readonly actor: Actor;
  readonly org: OrgRecord | undefined;
  readonly project: ProjectRecord | undefined;
  readonly environment: EnvironmentRecord | undefined;
  /** Root counts as admin; `undefined` for service tokens and where no organisation is involved. */
  readonly role: Role | undefined;
  readonly permissions: readonly Permission[];
  /** Milliseconds; after it the grant must not be used. */
  readonly expiresAtMs: number | null;
}

/** A token as it came, and its SHA-256, by which it is looked up, remembered and rate limited. */
export interface PresentedToken {
  readonly text: string;
  readonly hash: string;
}

/** The objects that a request names, as it names them. */
export interface Target {
  readonly org?: string | undefined;
  readonly project?: string | undefined;
  readonly environment?: string | undefined;
}

const ownTokenAccess = { identity: 'cloud', user: 'any', service: 'any' } as const;
const ranks: Readonly<Record<Role, number>> = { viewer: 0, developer: 1, admin: 2 };
const maxRemembered = 20_000;

export class AccessControl {
  readonly #store: Store;
  readonly #records: Records;
  readonly #issuers: Issuers;
  readonly #now: () => number;
  readonly #grants: Memo<Grant>;
  /** For the vault API. */
  readonly vault: VaultAccessControl;

  constructor(options: { store: Store; records: Records; issuers: Issuers; now: () => number }) {
    this.#store = options.store;
    this.#records = options.records;
    this.#issuers = options.issuers;
    this.#now = options.now;
    this.#grants = new Memo<Grant>(options.store, { maxWeight: maxRemembered });
    this.vault = new VaultAccessControl({
      ...options,
      authenticate: (reader, token) => this.#validToken(reader, token),
      requireLive: async (reader, token) => {
        const principal = { kind: 'service', token, actor: tokenActor(token) } as const;
        await this.#serviceGrant(reader, principal, ownTokenAccess, 'none', {});
      },
    });
  }

  /**
   * Authenticates the token and authorises it for the target. `identified` is told who it is, also when it is then refused.
   * @throws UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BAD_REQUEST (an environment is needed)
   */
  authorize(
    token: PresentedToken,
    access: Access & { identity: 'cloud' },
    scope: ScopeKind,
    target: Target,
    identified: (actor: Actor) => void,
  ): Soon<Grant> {
    const name = nameOf(access, scope, target);
    const known = hasTokenPrefix(token.text) ? this.#grants.peek(token.hash, name) : undefined;
    if (known && (known.expiresAtMs === null || known.expiresAtMs > this.#now())) {
      identified(known.actor);
      return known;
    }
    const grantTo = (identity: VerifiedIdentity | undefined): Soon<Grant> => {
      const grant = this.#grants.get(token.hash, name, async (reader) => {
        const principal = identity ? userPrincipal(identity) : await this.#authenticate(reader, token.text);
        identified(principal.actor);
        return this.#grant(reader, principal, access, scope, target);
      });
      return soon(grant, (granted) => {
        if (granted.expiresAtMs !== null && granted.expiresAtMs <= this.#now()) throw expired();
        identified(granted.actor);
        return granted;
      });
    };
    // An identity token is verified each time, which costs a look-up: a key that its issuer withdrew ends it at once.
    return hasTokenPrefix(token.text) ? grantTo(undefined) : this.#issuers.verify(token.text).then(grantTo);
  }

  /** The role of a person in an organisation; root counts as admin. Not inside of a transaction: the first log-in binds the issuer. */
  async roleIn(principal: Exclude<Principal, { kind: 'service' }>, orgId: string): Promise<Role | undefined> {
    return principal.kind === 'root' ? 'admin' : this.#roleOf(this.#store, principal, { id: orgId });
  }

  /** Forgets every grant: on seal. */
  clear(): void {
    this.#grants.clear();
    this.vault.clear();
  }

  async #authenticate(reader: Reader, text: string): Promise<Principal> {
    const token = await this.#validToken(reader, text);
    if (token.kind === 'vault') return sessionPrincipal(token);
    return { kind: token.kind, token, actor: tokenActor(token) };
  }

  async #validToken(reader: Reader, text: string): Promise<TokenRecord | VaultTokenRecord> {
    const kind = tokenKind(text);
    // A mistyped token of ours is known without a look-up.
    if (kind === undefined) throw unauthorized();
    const record = await this.#records.read<TokenRecord | VaultTokenRecord>(reader, keys.token(hashToken(text)));
    if (!record || record.kind !== kind || record.revoked_at !== null) throw unauthorized();
    if (record.expires_at !== null && record.expires_at <= this.#now()) throw expired();
    // An issuer that is not believed any more takes along the sessions that began with it.
    if (record.kind === 'vault' && record.person && !this.#issuers.knows(record.person.issuer)) throw unauthorized();
    return record;
  }

  async #grant(
    reader: Reader,
    principal: Principal,
    access: Access & { identity: 'cloud' },
    scope: ScopeKind,
    target: Target,
  ): Promise<Grant> {
    if (principal.kind === 'service') return this.#serviceGrant(reader, principal, access, scope, target);
    const found = await this.#resolve(reader, principal, scope, target);
    const role = found.org && (principal.kind === 'root' ? 'admin' : await this.#roleOf(reader, principal, found.org));
    if (access.user !== 'any' && found.org && (role === undefined || ranks[role] < ranks[access.user])) {
      throw new ZvaultError('FORBIDDEN', `this takes the role ${access.user} in the organisation`);
    }
    if (scope !== 'none' && scope !== 'org' && !found.project) throw notFound('project');
    if (scope === 'environment' && !found.environment) throw notFound('environment');
    const expiresAtMs = principal.kind === 'user' ? principal.identity.expiresAtMs : principal.token.expires_at;
    const permissions = role === 'viewer' ? (['read'] as const) : role === undefined ? [] : allPermissions;
    return { principal, actor: principal.actor, ...found, role, permissions, expiresAtMs };
  }

  async #resolve(
    reader: Reader,
    principal: Exclude<Principal, { kind: 'service' }>,
    scope: ScopeKind,
    target: Target,
  ): Promise<Pick<Grant, 'org' | 'project' | 'environment'>> {
    if (scope === 'none') return { org: undefined, project: undefined, environment: undefined };
    let org: OrgRecord | undefined;
    let project: ProjectRecord | undefined;
    if (target.org === undefined) {
      if (target.project === undefined)
        throw new ZvaultError('BAD_REQUEST', 'only a service token can leave the project out', {
          hint: 'use /v1/cloud/orgs/{org}/projects/{project}/…',
        });
      project = await findProjectAnywhere(reader, this.#records, principal, target.project);
      org = project && (await findOrg(reader, this.#records, project.org_id));
    } else {
      org = await findOrg(reader, this.#records, target.org);
    }
    if (!org) {
      // Who has no role in any organisation of that name is told no more than that.
      if (principal.kind === 'root' || target.org === undefined)
        throw notFound(target.org === undefined ? 'project' : 'organisation');
      throw new ZvaultError('FORBIDDEN', 'no access to this organisation');
    }
    if (principal.kind === 'user' && (await this.#roleOf(reader, principal, org)) === undefined) {
      throw new ZvaultError('FORBIDDEN', 'no access to this organisation');
    }
    if (scope !== 'org' && !project) project = await findProject(reader, this.#records, org.id, target.project ?? '');
    let environment: EnvironmentRecord | undefined;
    if (scope === 'environment' && project) {
      if (target.environment === undefined) throw environmentNeeded();
      environment = await findEnvironment(reader, this.#records, project.id, target.environment);
    }
    return { org, project, environment };
  }

  async #serviceGrant(
    reader: Reader,
    principal: Principal & { kind: 'service' },
    access: Access & { identity: 'cloud' },
    scope: ScopeKind,
    target: Target,
  ): Promise<Grant> {
    const { token } = principal;
    // A token whose project or environment is gone is no token any more, whatever it asks for.
    const project = await findProject(reader, this.#records, token.org_id, token.project_id);
    const org = await findOrg(reader, this.#records, token.org_id);
    if (!project || !org) throw unauthorized();
    const own =
      token.environment_id === null
        ? undefined
        : await findEnvironment(reader, this.#records, project.id, token.environment_id);
    if (token.environment_id !== null && !own) throw unauthorized();
    if (access.service === undefined)
      throw new ZvaultError('FORBIDDEN', 'a service token can’t do this', { hint: 'sign in as a person' });
    if (access.service !== 'any' && !token.permissions.includes(access.service)) {
      throw new ZvaultError('FORBIDDEN', `the token lacks the permission "${access.service}"`);
    }
    let environment = own;
    if (scope !== 'none') {
      if (target.org !== undefined && (await findOrg(reader, this.#records, target.org))?.id !== org.id)
        throw otherProject();
      if (
        target.project !== undefined &&
        (await findProject(reader, this.#records, org.id, target.project))?.id !== project.id
      )
        throw otherProject();
      if (scope === 'environment' && target.environment !== undefined) {
        environment = await findEnvironment(reader, this.#records, project.id, target.environment);
        if (!environment) throw notFound('environment');
        if (own && own.id !== environment.id)
          throw new ZvaultError('FORBIDDEN', 'the token is for another environment');
      } else if (scope === 'project' && own && access.service === 'write') {
        // The body names the environment; the handler compares.
        environment = own;
      }
      if (scope === 'environment' && !environment) throw environmentNeeded();
    }
    return {
      principal,
      actor: principal.actor,
      org,
      project,
      environment,
      role: undefined,
      permissions: token.permissions,
      expiresAtMs: token.expires_at,
    };
  }

  async #roleOf(
    reader: Reader,
    principal: Principal & { kind: 'user' },
    org: Pick<OrgRecord, 'id'>,
  ): Promise<Role | undefined> {
    const { subject, issuer } = principal.identity;
    const member = await findMember(reader, this.#records, org.id, subject);
    if (!member) return undefined;
    if (member.issuer === null) await bindIssuer(this.#store, this.#records, member, issuer, this.#now());
    else if (member.issuer !== issuer) return undefined;
    return member.role;
  }
}

function userPrincipal(identity: VerifiedIdentity): Principal {
  const actor: Actor = {
    type: 'user',
    id: identity.subject,
    issuer: identity.issuer,
    token_id: identity.jwtId,
    via: 'api',
  };
  return { kind: 'user', identity, actor };
}

function sessionPrincipal({ id, person, expires_at }: VaultTokenRecord): Principal {
  if (!person) throw unauthorized();
  const { issuer, subject } = person;
  const actor: Actor = { type: 'user', id: subject, issuer, token_id: id, via: 'api' };
  return { kind: 'user', identity: { ...person, expiresAtMs: expires_at }, actor };
}

/** Names of grants by their target: a target belongs to one route. */
const names = new WeakMap<Target, string>();

function nameOf(access: Access & { identity: 'cloud' }, scope: ScopeKind, target: Target): string {
  const known = names.get(target);
  if (known !== undefined) return known;
  // An absent part is told from an empty one; control characters stand in no name, so they separate safely.
  const parts = [access.user, access.service, scope, target.org, target.project, target.environment];
  const name = parts.map((part) => part ?? '\u0001').join('\u0000');
  names.set(target, name);
  return name;
}

function tokenActor(record: TokenRecord): Actor {
  return record.kind === 'root'
    ? { type: 'root', id: 'root', issuer: null, token_id: record.id, via: 'api' }
    : { type: 'service_token', id: record.id, issuer: null, token_id: record.id, via: 'api' };
}

function unauthorized(): ZvaultError {
  return new ZvaultError('UNAUTHORIZED', 'the token is missing, unknown, revoked or expired', {
    hint: 'check the token, or create a new one',
  });
}

function expired(): ZvaultError {
  return new ZvaultError('UNAUTHORIZED', 'the token has expired', { hint: 'create a new one' });
}

function otherProject(): ZvaultError {
  return new ZvaultError('FORBIDDEN', 'the token is for another project');
}

function notFound(what: string): ZvaultError {
  return new ZvaultError('NOT_FOUND', `there is no such ${what}`);
}

function environmentNeeded(): ZvaultError {
  return new ZvaultError('BAD_REQUEST', 'name the environment with ?env=');
}
