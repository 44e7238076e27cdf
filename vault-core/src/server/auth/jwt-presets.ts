// What is known of the CI platforms whose jobs log in with identity tokens: their issuers, and the claims that say which
// repository a job is of. A role without one of those would let in other people's jobs: the issuers are shared by all customers
// of a platform, and whoever runs a job has a branch "main" and an environment "production".
// Sources: the platforms' documentation of OpenID Connect in CI jobs (docs/ci-login.md links to each).

import type { BoundClaims } from './bound-claims.ts';

const presetNames = ['bitbucket', 'buildkite', 'circleci', 'github', 'gitlab'] as const;
export type PresetName = (typeof presetNames)[number];

export interface Preset {
  /** Absent: it differs by organisation, and the role must name it as `issuerForm` says. */
  readonly issuer?: string;
  readonly issuerForm: string;
  /** Is it an issuer of this platform? Roles that name no preset are held to the same rules. */
  readonly isIssuer: (issuer: string) => boolean;
  /** Do the claims say which repository may log in? */
  readonly identifies: (bound: BoundClaims) => boolean;
  /** What `identifies` asks for, for people. */
  readonly needs: string;
}

export const presets: Readonly<Record<PresetName, Preset>> = {
  bitbucket: {
    issuerForm: 'https://api.bitbucket.org/2.0/workspaces/<workspace>/pipelines-config/identity/oidc',
    isIssuer: (issuer) => issuer.startsWith('https://api.bitbucket.org/'),
    // `sub` names the step, which differs in each run.
    identifies: (bound) => isExact(bound, 'repositoryUuid'),
    needs: 'repositoryUuid',
  },
  buildkite: {
    issuer: 'https://agent.buildkite.com',
    issuerForm: 'https://agent.buildkite.com',
    isIssuer: (issuer) => issuer === 'https://agent.buildkite.com',
    // A slug is unique in its organisation only.
    identifies: (bound) =>
      isExact(bound, 'organization_id') && (isExact(bound, 'pipeline_id') || isNarrow(bound, 'pipeline_slug', /^[^*]/)),
    needs: 'organization_id and pipeline_id (or pipeline_slug)',
  },
  circleci: {
    issuerForm: 'https://oidc.circleci.com/org/<organisation id>',
    isIssuer: (issuer) => issuer.startsWith('https://oidc.circleci.com/'),
    identifies: (bound) => isExact(bound, 'oidc.circleci.com/project-id'),
    needs: 'oidc.circleci.com/project-id',
  },
  github: {
    issuer: 'https://token.actions.githubusercontent.com',
    issuerForm: 'https://token.actions.githubusercontent.com',
    isIssuer: (issuer) => /^https:\/\/token\.actions\.([a-z0-9-]+\.ghe\.com|githubusercontent\.com)(\/|$)/.test(issuer),
    identifies: (bound) =>
      isExact(bound, 'repository_id') ||
      isNarrow(bound, 'repository', /^[^*/]+\//) ||
      isNarrow(bound, 'sub', /^repo:[^*/:]+\/[^*/:]+:/),
    needs: 'repository_id, or repository with its owner, or sub with the whole repository',
  },
  gitlab: {
    issuer: 'https://gitlab.com',
    issuerForm: 'https://gitlab.com, or the address of the instance',
    isIssuer: (issuer) => issuer === 'https://gitlab.com',
    identifies: (bound) => isExact(bound, 'project_id') || isNarrow(bound, 'project_path', /^[^*/]+\//),
    needs: 'project_id, or project_path with its group',
  },
};

/** For issuers that are no known platform's: `sub` is the one claim that every token has. */
export function identifiesSubject(bound: BoundClaims): boolean {
  return isNarrow(bound, 'sub', /^[^*]/);
}

/** The platform of an issuer that a role names without a preset. */
export function presetOfIssuer(issuer: string): PresetName | undefined {
  return presetNames.find((name) => presets[name].isIssuer(issuer));
}

/**
 * The texts under which a subject of GitHub is known. Repositories made since July 2026 have their ids in it
 * (`repo:octo@1/app@2:ref:…`); a role that names them without ids means them too. Neither an owner nor a repository can have an
 * @ in its name.
 * Source: https://docs.github.com/actions/reference/security/oidc (immutable subject claims)
 */
export function gitHubSubjects(subject: string): string[] {
  const plain = subject.replace(/^repo:([^@/:]+)@\d+\/([^@/:]+)@\d+(?=:|$)/, 'repo:$1/$2');
  return plain === subject ? [subject] : [subject, plain];
}

function isExact(bound: BoundClaims, claim: string): boolean {
  return bound[claim]?.every((value) => !value.includes('*')) === true;
}

/** Every value begins, before any `*`, with what `start` asks for. */
function isNarrow(bound: BoundClaims, claim: string, start: RegExp): boolean {
  return bound[claim]?.every((value) => start.test(value)) === true;
}
