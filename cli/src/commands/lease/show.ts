// Leases for people.

import { type Host, ZvaultError, parseDurationSeconds } from '@zvault/core/domain';
import { printJson, printRows } from '../../output/table.ts';

interface Lease {
  readonly lease_id: string;
  readonly engine_path: string;
  readonly issued_at: string;
  readonly ttl_secs: number;
  readonly renewable: boolean;
  readonly expired: boolean;
}

export function printLease(host: Host, lease: Lease, json: boolean): void {
  if (json) printJson(host, lease);
  else
    printRows(
      host,
      ['setting', 'value'],
      Object.entries(lease).map(([name, value]) => [name, String(value)]),
    );
}

export function printLeases(host: Host, leases: readonly Lease[]): void {
  const rows = leases.map(({ lease_id, engine_path, issued_at, ttl_secs, renewable, expired }) => [
    lease_id,
    engine_path,
    issued_at,
    `${ttl_secs}s`,
    expired ? 'expired' : renewable ? 'renewable' : '',
  ]);
  printRows(host, ['lease', 'path', 'issued', 'ttl', 'state'], rows);
}

/** Seconds of `90`, `15m`, `12h`, `30d`. @throws USAGE */
export function secondsOf(flag: string): (text: string) => number {
  return (text) => {
    try {
      return parseDurationSeconds(text);
    } catch {
      throw new ZvaultError('USAGE', `${flag} takes a duration, like 90, 15m, 12h or 30d`);
    }
  };
}
