// Where things rest in the store. One place, so that docs/storage-format.md can be checked against it.

import { createHash } from 'node:crypto';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Decimal with leading zeros, so that key order is number order. */
const ordered = (number: number, digits: number): string => String(number).padStart(digits, '0');

export const keys = {
  org: (id: string) => `org/${id}`,
  orgPrefix: 'org/',
  orgBySlug: (slug: string) => `orgslug/${slug}`,

  member: (orgId: string, id: string) => `member/${orgId}/${id}`,
  memberPrefix: (orgId: string) => `member/${orgId}/`,
  /** People are found by their subject; the issuer is bound in the record. */
  memberBySubject: (orgId: string, subject: string) => `membersub/${orgId}/${sha256(subject)}`,
  orgOfSubject: (subject: string, orgId: string) => `subjectorg/${sha256(subject)}/${orgId}`,
  orgOfSubjectPrefix: (subject: string) => `subjectorg/${sha256(subject)}/`,

  project: (id: string) => `project/${id}`,
  projectOfOrg: (orgId: string, id: string) => `orgproject/${orgId}/${id}`,
  projectOfOrgPrefix: (orgId: string) => `orgproject/${orgId}/`,
  projectBySlug: (orgId: string, slug: string) => `projectslug/${orgId}/${slug}`,
  projectByName: (orgId: string, name: string) => `projectname/${orgId}/${name}`,
  /** Every slug that a project has or had, so that they can be freed together. */
  slugOfProject: (id: string, slug: string) => `slugofproject/${id}/${slug}`,
  slugOfProjectPrefix: (id: string) => `slugofproject/${id}/`,
  deletedProject: (orgId: string, slug: string, id: string) => `deletedproject/${orgId}/${slug}\u0000${id}`,
  deletedProjectPrefix: (orgId: string, slug: string) => `deletedproject/${orgId}/${slug}\u0000`,

  environment: (id: string) => `environment/${id}`,
  environmentOfProject: (projectId: string, id: string) => `projectenvironment/${projectId}/${id}`,
  environmentOfProjectPrefix: (projectId: string) => `projectenvironment/${projectId}/`,
  environmentBySlug: (projectId: string, slug: string) => `environmentslug/${projectId}/${slug}`,
  environmentBySlugPrefix: (projectId: string) => `environmentslug/${projectId}/`,
  slugOfEnvironment: (id: string, slug: string) => `slugofenvironment/${id}/${slug}`,
  slugOfEnvironmentPrefix: (id: string) => `slugofenvironment/${id}/`,
  deletedEnvironment: (projectId: string, slug: string, id: string) =>
    `deletedenvironment/${projectId}/${slug}\u0000${id}`,
  deletedEnvironmentPrefix: (projectId: string, slug: string) => `deletedenvironment/${projectId}/${slug}\u0000`,
  /** Revision and number of secrets; changes with each write in the environment. */
  environmentState: (id: string) => `environmentstate/${id}`,
  event: (environmentId: string, revision: number) => `event/${environmentId}/${ordered(revision, 16)}`,
  eventPrefix: (environmentId: string) => `event/${environmentId}/`,

  secret: (environmentId: string, key: string) => `secret/${environmentId}/${key}`,
  secretPrefix: (environmentId: string) => `secret/${environmentId}/`,
  /** The last version number ever given to a key: stays when the secret is gone. */
  lastVersion: (environmentId: string, key: string) => `lastversion/${environmentId}/${key}`,
  lastVersionPrefix: (environmentId: string) => `lastversion/${environmentId}/`,
  history: (environmentId: string, secretId: string, version: number) =>
    `history/${environmentId}/${secretId}/${ordered(version, 10)}`,
  historyPrefix: (environmentId: string, secretId: string) => `history/${environmentId}/${secretId}/`,
  historyOfEnvironmentPrefix: (environmentId: string) => `history/${environmentId}/`,
  deletedSecret: (environmentId: string, key: string, secretId: string) =>
    `deletedsecret/${environmentId}/${key}\u0000${secretId}`,
  deletedSecretPrefix: (environmentId: string, key: string) => `deletedsecret/${environmentId}/${key}\u0000`,
  deletedSecretOfEnvironmentPrefix: (environmentId: string) => `deletedsecret/${environmentId}/`,

  token: (hash: string) => `token/${hash}`,
  tokenById: (id: string) => `tokenid/${id}`,
  tokenOfProject: (projectId: string, id: string) => `projecttoken/${projectId}/${id}`,
  tokenOfProjectPrefix: (projectId: string) => `projecttoken/${projectId}/`,
  tokenUse: (id: string) => `tokenuse/${id}`,
  /** What a one-time code of a sign-in is exchanged for; by the code's SHA-256. */
  loginCode: (hash: string) => `logincode/${hash}`,
  loginCodePrefix: 'logincode/',

  policy: (name: string) => `policy/${name}`,
  policyPrefix: 'policy/',
  /** Vault tokens that a token (by its hash) has made. */
  childToken: (parent: string, hash: string) => `childtoken/${parent}/${hash}`,
  childTokenPrefix: (parent: string) => `childtoken/${parent}/`,

  appRole: (name: string) => `approle/${name}`,
  appRolePrefix: 'approle/',
  appRoleByRoleId: (roleId: string) => `approleid/${sha256(roleId)}`,
  secretId: (appRoleId: string, hash: string) => `secretid/${appRoleId}/${hash}`,
  secretIdPrefix: (appRoleId: string) => `secretid/${appRoleId}/`,

  jwtRole: (name: string) => `jwtrole/${name}`,
  jwtRolePrefix: 'jwtrole/',
  /** Identity tokens that have logged in. */
  usedJwt: (issuer: string, id: string) => `usedjwt/${sha256(`${issuer}\n${id}`)}`,

  mount: (name: string) => `mount/${name}`,
  mountPrefix: 'mount/',

  /** Of a path in a KV mount: its versions. */
  kvMeta: (mountId: string, path: string) => `kv/${mountId}/meta/${path}`,
  kvMetaPrefix: (mountId: string) => `kv/${mountId}/meta/`,
  /** The value of one version. */
  kvData: (mountId: string, id: string, version: number) => `kv/${mountId}/data/${id}/${ordered(version, 10)}`,

  /** The last version number of a path that was erased. */
  kvLast: (mountId: string, path: string) => `kv/${mountId}/last/${path}`,

  transitKey: (mountId: string, name: string) => `transit/${mountId}/key/${name}`,
  transitKeyPrefix: (mountId: string) => `transit/${mountId}/key/`,

  lease: (id: string) => `lease/${id}`,
  leasePrefix: 'lease/',
  leaseCount: 'leasecount',
  leaseExpiry: (atMs: number, id: string) => `leaseexpiry/${ordered(atMs, 14)}/${id}`,
  leaseExpiryPrefix: 'leaseexpiry/',
  leaseOfPath: (path: string, id: string) => `leaseofpath/${path}\u0000${id}`,
  leaseOfPathPrefix: (prefix: string) => `leaseofpath/${prefix}`,
  leaseOfToken: (tokenHash: string, id: string) => `leaseoftoken/${tokenHash}/${id}`,
  leaseOfTokenPrefix: (tokenHash: string) => `leaseoftoken/${tokenHash}/`,
  leasesOfTokensPrefix: 'leaseoftoken/',
  leaseWorker: 'leaseworker',

  /** What a client-made creation id has made. */
  creation: (id: string) => `creation/${id}`,
  /** What the sweeper erases, by the time from which it may. */
  expiry: (atMs: number, what: string) => `expiry/${ordered(atMs, 14)}/${what}`,
  expiryPrefix: 'expiry/',
} as const;
