// What lines have in common. Of two requests for the same thing by the same caller only number and time differ, so the text
// between them is made once and kept with its digest, ready to be copied.

import { hash } from 'node:crypto';
import { type AuditEvent, auditLineText } from './record.ts';

/** The members from `request` to `user_agent`, in UTF-8. */
export interface LineText {
  readonly bytes: Buffer;
  /** Their SHA-256, hex. */
  readonly digest: string;
}

interface Kept {
  readonly event: AuditEvent;
  readonly text: LineText;
}

/** Texts kept; when there are more, all are forgotten. */
const maxKept = 2000;
/** Longest text kept, in bytes. */
const maxKeptBytes = 2048;

export class LineTexts {
  /** By path: the last event on it. */
  readonly #kept = new Map<string, Kept>();

  of(event: AuditEvent): LineText {
    const kept = this.#kept.get(event.path);
    if (kept && same(kept.event, event)) return kept.text;
    const bytes = Buffer.from(auditLineText(event));
    const text = { bytes, digest: hash('sha256', bytes) };
    if (event.data === null && bytes.length <= maxKeptBytes) {
      if (!kept && this.#kept.size >= maxKept) this.#kept.clear();
      this.#kept.set(event.path, { event, text });
    }
    return text;
  }
}

/** Every member counts but the id, which is no part of the text. Objects are the same only if they are one object. */
function same(a: AuditEvent, b: AuditEvent): boolean {
  return (
    a.actor === b.actor &&
    a.action === b.action &&
    a.path === b.path &&
    a.status === b.status &&
    a.resource === b.resource &&
    a.projectId === b.projectId &&
    a.environment === b.environment &&
    a.orgId === b.orgId &&
    a.operation === b.operation &&
    a.remoteAddress === b.remoteAddress &&
    a.userAgent === b.userAgent &&
    a.error === b.error &&
    a.data === b.data &&
    a.policies === b.policies
  );
}
