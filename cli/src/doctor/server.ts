// The server: does it answer, is it open, is the way to it safe, and do the clocks agree?

import type { ServerFacts } from '@zvault/core/client';
import { type Host, zvaultVersion } from '@zvault/core/domain';
import { isLoopbackAddress } from '../address.ts';
import type { Connection } from '../connection.ts';
import { type Finding, failure, failureOf, ok, skipped, warning } from './finding.ts';

/** The leeway with which identity tokens are judged. */
const toleratedSkewMs = 60_000;
const dayMs = 86_400_000;
const renewalDays = 14;

/** `sealed`: whether anything can be asked of it. */
export async function checkServer(
  { client, settings }: Connection,
  host: Pick<Host, 'now' | 'env'>,
): Promise<{ readonly findings: readonly Finding[]; readonly open: boolean }> {
  const { url } = settings;
  const safety = httpFinding(url, host);
  let facts: ServerFacts;
  try {
    facts = await client.cloud.sys.probe();
  } catch (error) {
    const away = failureOf('server', error, 'start the server, or set ZVAULT_URL to its address');
    return { findings: [...safety, away], open: false };
  }
  const findings = [
    versionFinding(facts),
    ...safety,
    ...certificateFinding(facts, host.now()),
    clockFinding(facts, host.now()),
  ];
  try {
    const { initialized, sealed, progress, threshold } = await client.cloud.sys.health();
    if (!initialized) {
      findings.push(failure('seal', 'NOT_INITIALIZED', 'the vault is not initialized', 'run zvault init'));
    } else if (sealed) {
      const given = `the vault is sealed; ${progress} of ${threshold} shares are given`;
      findings.push(failure('seal', 'SEALED', given, 'run zvault unseal'));
    } else findings.push(ok('seal', 'the vault is unsealed'));
    return { findings, open: initialized && !sealed };
  } catch (error) {
    findings.push(failureOf('seal', error, 'look into the log of the server'));
    return { findings, open: false };
  }
}

function versionFinding({ version }: ServerFacts): Finding {
  if (version === undefined) return ok('server', 'answers; it does not tell its version');
  if (minor(version) === minor(zvaultVersion)) return ok('server', `answers; version ${version}`);
  const detail = `the server has version ${version}, this command ${zvaultVersion}`;
  return warning('server', detail, 'use the same minor version on both sides');
}

function minor(version: string): string {
  return version.split('.', 2).join('.');
}

function httpFinding(url: string, { env }: Pick<Host, 'env'>): Finding[] {
  if (url.startsWith('https:')) return [];
  if (isLoopbackAddress(url)) return [ok('tls', 'plain http, which does not leave this machine')];
  const detail = `plain http to another machine: tokens and secrets would travel in clear`;
  const hint = 'use the https address of the server';
  const allowed = ['1', 'true'].includes(env['ZVAULT_ALLOW_HTTP'] ?? '');
  return [allowed ? warning('tls', detail, hint) : failure('tls', 'TOKEN_INSECURE', detail, hint)];
}

function certificateFinding({ tls }: ServerFacts, nowMs: number): Finding[] {
  if (!tls) return [];
  const days = Math.floor((tls.validToMs - nowMs) / dayMs);
  const detail = `${tls.protocol}; the certificate is valid for ${days} more days`;
  return [days >= renewalDays ? ok('tls', detail) : warning('tls', detail, 'renew the certificate of the server')];
}

function clockFinding({ dateMs }: ServerFacts, nowMs: number): Finding {
  if (dateMs === undefined) return skipped('clock', 'the server does not tell its time');
  // The header has whole seconds.
  const skewMs = Math.max(0, Math.abs(nowMs - dateMs) - 1000);
  const seconds = Math.round(skewMs / 1000);
  if (skewMs <= toleratedSkewMs) return ok('clock', `this machine and the server differ by ${seconds} s or less`);
  const detail = `this machine and the server differ by ${seconds} s`;
  return warning('clock', detail, 'set both clocks by NTP: sign-ins and expiries go wrong');
}
