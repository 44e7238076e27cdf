// Audit files, as tests read them.

import { readFileSync } from 'node:fs';
import type { AuditLine } from '../../vault-core/src/server/audit/record.ts';

/** Every line of the file. */
export function auditLines(path: string): AuditLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditLine);
}
