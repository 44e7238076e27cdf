// What can go wrong in a CI job, as a closed catalogue of codes that documentation and support can name. Messages hold names, never
// values, and never the body of an answer.

import { type ErrorCode, ZvaultError, isZvaultError } from '../domain/errors.ts';

interface CatalogueRow {
  /** The code of the library, which decides the exit status. */
  readonly code: ErrorCode;
  /** What it means, for the table of the documentation. */
  readonly title: string;
  /** What to do, for the same table. */
  readonly remedy: string;
}

const catalogue = {
  'ZVCI-100': { code: 'USAGE', title: 'An input is not valid', remedy: 'Correct the input that the message names.' },
  'ZVCI-101': {
    code: 'TOKEN_MISSING',
    title: 'The token is empty',
    remedy:
      'Check the name of the secret that holds it. Platforms give no secrets to builds of forks: use an identity token there, or skip the step.',
  },
  'ZVCI-102': {
    code: 'UNAUTHORIZED',
    title: 'The vault does not accept the token (401)',
    remedy: 'The token is mistyped, expired, revoked, or for another vault: make a new one.',
  },
  'ZVCI-103': {
    code: 'FORBIDDEN',
    title: 'The token may not read this environment (403)',
    remedy: 'Give the token or the role `read` on the project and environment, or name another environment.',
  },
  'ZVCI-104': {
    code: 'NOT_FOUND',
    title: 'The environment or the project is not there',
    remedy: 'Check `env`, `project` and `org`, as slugs or ids.',
  },
  'ZVCI-110': {
    code: 'FORBIDDEN',
    title: 'The job has no identity token',
    remedy:
      'GitHub: `permissions: id-token: write`. Bitbucket: `oidc: true` on the step. GitLab: `id_tokens:` with `ZVAULT_ID_TOKEN`. CircleCI: use a context.',
  },
  'ZVCI-111': {
    code: 'FORBIDDEN',
    title: 'The role does not accept the identity token',
    remedy:
      "Compare the role's `bound_claims`, `issuer` and `audience` with the token's claims; the message names them.",
  },
  'ZVCI-112': {
    code: 'UNAVAILABLE',
    title: 'The platform did not give an identity token',
    remedy: 'Run the job again; if it stays so, look at the status page of the platform.',
  },
  'ZVCI-113': {
    code: 'FORBIDDEN',
    title: 'The event runs with secrets on code of a fork',
    remedy: 'Use the event `pull_request`, or leave `fail-on-untrusted-event` out if no code of the fork runs.',
  },
  'ZVCI-120': {
    code: 'CONNECTION_FAILED',
    title: 'No secure connection to the vault',
    remedy: 'Give the CA that signed its certificate in `ca-cert`; for mutual TLS also `client-cert` and `client-key`.',
  },
  'ZVCI-121': {
    code: 'CONNECTION_FAILED',
    title: 'The proxy does not connect',
    remedy: 'Check `HTTPS_PROXY`, or add the vault to `NO_PROXY`.',
  },
  'ZVCI-122': {
    code: 'UNAVAILABLE',
    title: 'No usable answer in the time and the attempts allowed',
    remedy:
      'Check that the runner reaches the vault and that the vault is unsealed; allow more with `retries` and `timeout-ms`.',
  },
  'ZVCI-123': {
    code: 'BAD_ANSWER',
    title: 'The answer is not that of a zvault server',
    remedy:
      'Set `url` to the address of the server itself: redirects are not followed, because the token would go along.',
  },
  'ZVCI-130': {
    code: 'INPUT_INVALID',
    title: 'A name is no name of a variable',
    remedy:
      'Names are letters, digits and `_`, and begin with no digit. Rename with `map` or `transform`, or leave the key out.',
  },
  'ZVCI-131': {
    code: 'INPUT_INVALID',
    title: 'A name is reserved',
    remedy:
      'It decides what later steps run, or belongs to the platform. Rename it, or allow it by name in `allow-reserved`.',
  },
  'ZVCI-132': {
    code: 'CONFLICT',
    title: 'Two values claim one name',
    remedy: 'Rename with `map` or `prefix`, or choose with `on-collision: keep` or `overwrite`.',
  },
  'ZVCI-133': {
    code: 'INPUT_INVALID',
    title: 'A value is too large for an environment',
    remedy: 'Write it to a file.',
  },
  'ZVCI-134': {
    code: 'INPUT_INVALID',
    title: 'A value holds NUL',
    remedy: 'No environment can carry it: store it in base64, or write it to a JSON file.',
  },
  'ZVCI-135': {
    code: 'INPUT_INVALID',
    title: 'A value cannot be written in this format',
    remedy: 'Use the format `json` or `sh`.',
  },
  'ZVCI-136': {
    code: 'INPUT_INVALID',
    title: 'A value is too short to be masked',
    remedy: 'Store a longer value, list the key in `unmask`, or set `short-values: warn`.',
  },
  'ZVCI-140': {
    code: 'NOT_FOUND',
    title: 'A key is missing',
    remedy: 'Check `keys` and `map` against the environment, or set `on-missing: warn`.',
  },
  'ZVCI-150': {
    code: 'CONFIG_INVALID',
    title: 'The platform names no file for variables',
    remedy: 'Run inside a job: `GITHUB_ENV` or `BASH_ENV` must be set.',
  },
  'ZVCI-151': {
    code: 'CONFIG_INVALID',
    title: 'A file cannot be read or written',
    remedy: 'Check the path and who may write there.',
  },
  'ZVCI-160': {
    code: 'MISMATCH',
    title: 'A download has no checksum, or another one',
    remedy: 'Set `cli-sha256` to the SHA-256 of the file; without it nothing is downloaded.',
  },
  'ZVCI-161': {
    code: 'UNAVAILABLE',
    title: 'The command cannot be downloaded or does not run',
    remedy: 'Use the command that the action carries (no `cli-version`), or check `cli-url`.',
  },
  'ZVCI-170': {
    code: 'UNAVAILABLE',
    title: 'The ephemeral vault did not start',
    remedy: 'The message says why: the seed file, the port, or a Node older than 24.12.',
  },
} as const satisfies Record<string, CatalogueRow>;

/** Every code of the catalogue. For ever: people look them up. */
export type CiCode = keyof typeof catalogue;

export const ciCatalogue: Readonly<Record<CiCode, CatalogueRow>> = catalogue;

/** An error of the catalogue; its code stands in front of the message. */
export function ciError(code: CiCode, message: string, options: { hint?: string; cause?: unknown } = {}): ZvaultError {
  return new ZvaultError(catalogue[code].code, `${code}: ${message}`, {
    hint: options.hint ?? catalogue[code].remedy.replaceAll('`', '').replace(/\.$/, ''),
    cause: options.cause,
    details: { ci: code },
  });
}

/** The code of the catalogue that an error carries. */
export function ciCodeOf(error: unknown): CiCode | undefined {
  const code = isZvaultError(error) ? error.details?.['ci'] : undefined;
  return typeof code === 'string' && code in catalogue ? (code as CiCode) : undefined;
}
