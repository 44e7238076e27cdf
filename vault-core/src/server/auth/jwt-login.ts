// Log-in with an identity token: verified against its role, marked as used, and answered with a service token that is limited
// as the role says. A token logs in once, on whatever server and whether or not that was restarted since: by its `jti`, or, for
// platforms that give it none, by itself.

import { randomUUID } from 'node:crypto';
import { parseDurationSeconds } from '../../domain/duration.ts';
import { ZvaultError, isZvaultError, messageOf } from '../../domain/errors.ts';
import { createToken, hashToken, tokenDisplayPrefix } from '../../domain/token.ts';
import { writeServiceToken } from '../cloud/tokens.ts';
import type { VerifiedIdentity } from '../identity/claims.ts';
import type { RoleIssuers } from '../identity/role-issuers.ts';
import type { EnvironmentRecord, OrgRecord, ProjectRecord, Records, TokenRecord } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';
import { claimTexts, unmatchedClaim } from './bound-claims.ts';
import { noteEntryEnd, noteTokenEnd } from './endings.ts';
import { gitHubSubjects, presetOfIssuer } from './jwt-presets.ts';
import { type JwtRoleRecord, findJwtRole, placeOfRole } from './jwt-roles.ts';
import type { Making } from './token-making.ts';

/** A refusal: what the audit is told (`reason`) and what the caller is. */
export class RefusedLogin extends ZvaultError {
  readonly reason: string;
  readonly identity: VerifiedIdentity | undefined;

  constructor(reason: string, message: string, identity?: VerifiedIdentity) {
    super('UNAUTHORIZED', `the log-in is refused: ${message}`, {
      hint: 'compare the token with the role; docs/ci-login.md explains the reasons',
    });
    this.reason = reason;
    this.identity = identity;
  }
}

export interface Login {
  readonly role: JwtRoleRecord;
  readonly identity: VerifiedIdentity;
  /** The mark that the token has logged in (keys.usedJwt). */
  readonly mark: string;
}

export interface LoggedIn {
  readonly token: TokenRecord;
  readonly plaintext: string;
  readonly org: OrgRecord;
  readonly project: ProjectRecord;
  readonly environment: EnvironmentRecord | undefined;
}

/** What each reason of `refusedToken` means for who set up the job. Nothing of the token is in it. */
const explanations: Readonly<Record<string, string>> = {
  issuer: 'the token is from another issuer than the role names',
  audience: 'the token is for another audience than the role names',
  signature: 'no key of the issuer made the signature',
  key: 'the issuer has no such key',
  algorithm: 'the token is signed by an algorithm that is not accepted (RS256 and EdDSA are)',
  exp: 'the token does not say when it expires',
  nbf: 'the token is not valid yet; compare the clocks',
  iat: 'the token was issued in the future; compare the clocks',
};

/** Checks the token before a transaction begins. @throws RefusedLogin, UNAVAILABLE */
export async function checkLogin(
  reader: Reader,
  records: Records,
  issuers: RoleIssuers,
  { role: name, jwt }: { readonly role: string; readonly jwt: string },
): Promise<Login> {
  const role = await findJwtRole(reader, records, name);
  if (!role) throw new RefusedLogin('role', 'there is no such role');
  const identity = await verified(issuers, jwt, role);
  const isGitHub = (role.preset ?? presetOfIssuer(role.issuer)) === 'github';
  const claim = unmatchedClaim(role.bound_claims, identity.claims, (bound, value) =>
    isGitHub && bound === 'sub' ? claimTexts(value).flatMap(gitHubSubjects) : claimTexts(value),
  );
  if (claim !== undefined) {
    const what = identity.claims[claim] === undefined ? 'is not in the token' : 'is another one';
    throw new RefusedLogin(`claim ${claim}`, `the claim "${claim}", which the role binds, ${what}`, identity);
  }
  // The signed part alone: whoever can write one signature in two ways would have two tokens.
  const mark = keys.usedJwt(identity.issuer, identity.jwtId ?? jwt.slice(0, jwt.lastIndexOf('.')));
  return { role, identity, mark };
}

/** @throws RefusedLogin when the token has logged in before, or the role's project or environment is gone */
export async function login(
  transaction: Transaction,
  records: Records,
  { role: checked, identity, mark }: Login,
  { nowMs, random }: Making,
): Promise<LoggedIn> {
  const role = await findJwtRole(transaction, records, checked.name);
  // Written anew since: what was checked is not what counts now.
  if (!role || role.updated_at !== checked.updated_at)
    throw new RefusedLogin('role', 'the role has just changed', identity);
  if (await transaction.get(mark)) {
    throw new RefusedLogin('replay', 'the token has logged in before; each logs in once', identity);
  }
  const place = await livePlace(transaction, records, role, identity);
  // Nothing is refused any more.
  await transaction.put(mark, '');
  await noteEntryEnd(transaction, mark, identity.expiresAtMs);
  const plaintext = createToken('service', random);
  const token: TokenRecord = {
    id: randomUUID(),
    kind: 'service',
    hash: hashToken(plaintext),
    org_id: role.org_id,
    project_id: role.project_id,
    environment_id: role.environment_id,
    name: `jwt-${role.name}`,
    token_prefix: tokenDisplayPrefix(plaintext),
    permissions: role.permissions,
    expires_at: nowMs + parseDurationSeconds(role.ttl) * 1000,
    created_by: { type: 'user', id: identity.subject, issuer: identity.issuer, token_id: identity.jwtId, via: 'jwt' },
    created_at: nowMs,
    revoked_at: null,
  };
  await writeServiceToken(transaction, records, token);
  await noteTokenEnd(transaction, token, null);
  return { token, plaintext, ...place };
}

async function verified(issuers: RoleIssuers, jwt: string, role: JwtRoleRecord): Promise<VerifiedIdentity> {
  try {
    return await issuers.verify(jwt, role);
  } catch (error) {
    if (!isZvaultError(error) || error.code !== 'UNAUTHORIZED') throw error;
    const reason = error.cause === undefined ? 'expired' : messageOf(error.cause);
    throw new RefusedLogin(
      reason,
      explanations[reason] ?? (reason === 'expired' ? 'the token has expired' : `the token is malformed (${reason})`),
    );
  }
}

async function livePlace(
  reader: Reader,
  records: Records,
  role: JwtRoleRecord,
  identity: VerifiedIdentity,
): Promise<Pick<LoggedIn, 'org' | 'project' | 'environment'>> {
  const { org, project, environment } = await placeOfRole(reader, records, role);
  const gone = role.environment_id !== null && (!environment || environment.deleted_at !== null);
  if (!org || !project || project.deleted_at !== null || gone) {
    throw new RefusedLogin('place', 'the project or environment of the role has been deleted', identity);
  }
  return { org, project, environment };
}
