// Audit files, as tests read them.

import { readFileSync } from 'node:fs';
import { type LineClaim, LogCheck } from '../../vault-core/src/domain/audit/log-check.ts';
import type { Audit } from '../../vault-core/src/server/audit/audit.ts';
import type { AuditLine } from '../../vault-core/src/server/audit/record.ts';

/** Every line of the file. */
export function auditLines(path: string): AuditLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditLine);
}

/** What is wrong with the lines of these files, oldest first, by the vault's own word. */
export async function logProblems(audit: Audit, ...paths: string[]): Promise<string[]> {
  const { heads = [] } = await audit.verify({ heads: true, lines: [] });
  const check = new LogCheck();
  const claims: LineClaim[] = [];
  for (const path of paths) {
    check.beginFile();
    const texts = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    for (const [index, text] of texts.entries()) claims.push(...check.line(text, `${path}:${index + 1}`));
  }
  check.end(heads);
  const { wrong, unknown } = await audit.verify({ heads: false, lines: claims });
  return [
    ...check.findings.map(({ place, what }) => `${place}: ${what}`),
    ...wrong.map((id) => `wrong: ${id}`),
    ...unknown.map((chain) => `unknown: ${chain}`),
  ];
}
