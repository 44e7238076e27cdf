// What the scan reports. A finding never holds the secret: a redacted text, a position, and a fingerprint of which at most 16
// bits depend on it.

import { hexDigest } from './digest.ts';
import type { Severity } from './rule.ts';

export interface Finding {
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  /** Relative to the current folder, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** One past the secret's last character. */
  readonly endColumn: number;
  readonly fingerprint: string;
  readonly redacted: string;
  /** The `zvault://` reference to use instead. */
  readonly reference?: string;
  readonly encoding?: string;
  /** Full hash of the commit that brought it in. */
  readonly commit?: string;
}

export interface FingerprintParts {
  readonly rule: string;
  readonly file: string;
  /** The line with every secret on it masked. */
  readonly maskedLine: string;
  readonly secret: string;
}

/**
 * 24 hex digits of the place and four of the secret: a changed secret at the same place is new, yet who has the fingerprint can
 * rule out only 65,535 of 65,536 guesses. It holds no line number, so it stays the same when lines move.
 */
export function fingerprintOf(parts: FingerprintParts): string {
  const place = hexDigest('sha256', ['zvault-scan-place', parts.rule, parts.file, parts.maskedLine].join('\0'));
  const secret = hexDigest('sha256', `zvault-scan-secret\0${place}\0${parts.secret}`);
  return place.slice(0, 24) + secret.slice(0, 4);
}

/** Tells equal fingerprints apart by their order: the second gets `-2`. */
export class FingerprintCounter {
  readonly #seen = new Map<string, number>();

  next(fingerprint: string): string {
    const count = (this.#seen.get(fingerprint) ?? 0) + 1;
    this.#seen.set(fingerprint, count);
    return count === 1 ? fingerprint : `${fingerprint}-${count}`;
  }
}

/** What may be shown of a secret: the vendor's prefix, which is no secret, and a length. */
export function redact(secret: string, prefix: string): string {
  return `${prefix}…(${secret.length} characters)`;
}

export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.rule, b.rule) ||
    compareText(a.commit ?? '', b.commit ?? '')
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
