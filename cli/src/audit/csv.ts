// Audit records as CSV. Source: RFC 4180. A cell that a spreadsheet would take for a formula is made a text by an apostrophe in front
// (https://owasp.org/www-community/attacks/CSV_Injection): paths and user agents are chosen by whoever sends a request.

import type { AuditRecord } from './record.ts';

const columns = [
  ['id', 'id'],
  ['timestamp', 'timestamp'],
  ['operation', 'operation'],
  ['action', 'action'],
  ['path', 'path'],
  ['resource', 'resource'],
  ['org_id', 'orgId'],
  ['project_id', 'projectId'],
  ['environment', 'environment'],
  ['status_code', 'status'],
  ['error', 'error'],
  ['actor_type', 'actorType'],
  ['actor_id', 'actorId'],
  ['actor_issuer', 'actorIssuer'],
  ['token_id', 'tokenId'],
  ['policies', 'policies'],
  ['remote_addr', 'remoteAddress'],
  ['user_agent', 'userAgent'],
  ['data', 'data'],
  ['chain', 'chain'],
  ['seq', 'seq'],
  ['mac', 'mac'],
] as const satisfies readonly (readonly [string, keyof AuditRecord])[];

export const csvHeading: string = row(columns.map(([name]) => name));

export function csvRow(record: AuditRecord): string {
  return row(columns.map(([, member]) => record[member]));
}

function row(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(text: string): string {
  // Full-width forms count too: some spreadsheets fold them.
  const harmless = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
