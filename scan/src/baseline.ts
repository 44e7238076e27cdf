// Findings that are known and accepted. Ours are kept by fingerprint; baselines of gitleaks and detect-secrets are read as they are.

import { ZvaultError } from '@zvault/core/domain';
import { hexDigest } from './digest.ts';
import type { Finding } from './finding.ts';
import type { Found } from './scanner.ts';

export interface Baseline {
  has(finding: Finding, found: Found): boolean;
}

const marker = 'zvault-scan-baseline';

/** The text of a baseline that holds these findings. */
export function formatBaseline(findings: readonly Finding[]): string {
  const entries = findings.map(({ rule, file, fingerprint }) => ({ rule, file, fingerprint }));
  return `${JSON.stringify({ format: marker, version: 1, findings: entries }, undefined, 2)}\n`;
}

/** @throws CONFIG_INVALID when the text is no baseline of a kind we know */
export function readBaseline(text: string, name: string): Baseline {
  const bad = (cause?: unknown): ZvaultError =>
    new ZvaultError('CONFIG_INVALID', `"${name}" is not a baseline`, {
      hint: 'write one with zvault scan --write-baseline',
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(error);
  }
  if (Array.isArray(value)) return gitleaksBaseline(value as unknown[]);
  if (typeof value !== 'object' || value === null) throw bad();
  const table = value as Record<string, unknown>;
  if (table['format'] === marker && Array.isArray(table['findings'])) {
    const known = new Set((table['findings'] as { fingerprint?: unknown }[]).map((entry) => entry.fingerprint));
    return { has: (finding) => known.has(finding.fingerprint) };
  }
  if (typeof table['results'] === 'object' && table['results'] !== null) return detectSecretsBaseline(table['results']);
  throw bad();
}

/** A report of gitleaks: by file and secret, or by file and line where the secret was redacted. */
function gitleaksBaseline(entries: readonly unknown[]): Baseline {
  const secrets = new Set<string>();
  const lines = new Set<string>();
  for (const entry of entries) {
    const {
      File: file,
      Secret: secret,
      StartLine: line,
    } = entry as { File?: unknown; Secret?: unknown; StartLine?: unknown };
    if (typeof file !== 'string') continue;
    if (typeof secret === 'string' && secret !== '' && !/^REDACTED$|\.\.\.$/.test(secret))
      secrets.add(`${file}\0${hexDigest('sha256', secret)}`);
    else if (typeof line === 'number') lines.add(`${file}\0${line}`);
  }
  return {
    has: (finding, found) =>
      lines.has(`${finding.file}\0${finding.line}`) ||
      secrets.has(`${finding.file}\0${hexDigest('sha256', secretOf(found), 'latin1')}`),
  };
}

/** SHA-1 of each secret, by file. Source: https://github.com/Yelp/detect-secrets */
function detectSecretsBaseline(results: object): Baseline {
  const known = new Set<string>();
  for (const [file, entries] of Object.entries(results)) {
    for (const entry of Array.isArray(entries) ? (entries as { hashed_secret?: unknown }[]) : []) {
      if (typeof entry.hashed_secret === 'string') known.add(`${file}\0${entry.hashed_secret}`);
    }
  }
  return { has: (finding, found) => known.has(`${finding.file}\0${hexDigest('sha1', secretOf(found), 'latin1')}`) };
}

function secretOf(found: Found): string {
  return found.identity.slice(found.identity.indexOf('\0') + 1);
}
