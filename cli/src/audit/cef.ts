// Audit records in the Common Event Format, for collectors that speak it. Source: "Implementing ArcSight Common Event Format",
// version 26: header fields escape backslash and bar, extension values escape backslash, equals sign and ends of line.

import { isIP } from 'node:net';
import { zvaultVersion } from '@zvault/core/domain';
import type { AuditRecord } from './record.ts';

/** Longest values that the dictionary allows for these keys. */
const lengths: Readonly<Record<string, number>> = {
  act: 63,
  externalId: 40,
  outcome: 63,
  reason: 1023,
  request: 1023,
  requestClientApplication: 1023,
  suid: 1023,
  suser: 1023,
};

export function cefLine(record: AuditRecord): string {
  const status = Number(record.status) || 0;
  const header = ['CEF:0', 'zvault', 'zvault', zvaultVersion, record.action, `${record.operation} ${record.action}`];
  const extension: [string, string][] = [
    ['rt', String(Date.parse(record.timestamp))],
    ['externalId', record.id],
    ['act', record.operation],
    ['outcome', status >= 400 ? 'failure' : 'success'],
    ['reason', record.error],
    ['request', record.path],
    ['requestClientApplication', record.userAgent],
    ['suid', record.actorId],
    ['suser', record.actorType],
    ...address(record.remoteAddress),
    ...custom('cn1', 'status', record.status),
    ...custom('cs1', 'resource', record.resource),
    ...custom('cs2', 'project', record.projectId),
    ...custom('cs3', 'environment', record.environment),
    ...custom('cs4', 'token', record.tokenId),
    ...custom('cs5', 'data', record.data),
    ...custom('cs6', 'chain', record.chain && `${record.chain} ${record.seq} ${record.mac}`),
  ];
  const texts = extension
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${escapeValue(name, value)}`);
  return `${header.map(escapeHeader).join('|')}|${severity(status)}|${texts.join(' ')}\n`;
}

/** 0 to 10: what was done, refused for its form, refused for who asked, failed. */
function severity(status: number): number {
  if (status >= 500) return 8;
  if (status === 401 || status === 403 || status === 429) return 6;
  return status >= 400 ? 4 : 2;
}

/** `src` takes IPv4 alone; IPv6 has a custom field of its own. */
function address(text: string): [string, string][] {
  const plain = text.replace(/^::ffff:(?=\d+\.)/, '');
  if (isIP(plain) === 4) return [['src', plain]];
  return isIP(plain) === 6 ? custom('c6a2', 'Source IPv6 Address', plain) : [];
}

function custom(name: string, label: string, value: string): [string, string][] {
  return value === ''
    ? []
    : [
        [name, value],
        [`${name}Label`, label],
      ];
}

function escapeHeader(text: string): string {
  return text.replaceAll(/[\\|]/g, '\\$&').replaceAll(/[\r\n]/g, ' ');
}

function escapeValue(name: string, text: string): string {
  const value = text.slice(0, lengths[name] ?? 4000).toWellFormed();
  return value.replaceAll(/[\\=]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
