// What a person reads after the step: where secrets came from and what became of them. Names only: no values, lengths or digests.

import * as core from '@actions/core';
import type { Plan } from '@zvault/core/ci';
import { zvaultVersion } from '@zvault/core/domain';

export interface Report {
  /** Scheme, host and port of the vault. */
  readonly url: string;
  readonly environment: string | undefined;
  readonly version: string | undefined;
  readonly destinations: readonly string[];
  readonly plan: Plan;
}

/** GitHub cuts a summary of more than 1 MiB. */
const maxRows = 1000;

export async function writeSummary({ url, environment, version, destinations, plan }: Report): Promise<void> {
  const { variables } = plan;
  const rows = variables
    .slice(0, maxRows)
    .map(({ name, key, masked }) => [escapeHtml(name), escapeHtml(key), masked ? 'yes' : 'no']);
  const facts = [
    `${variables.length} ${variables.length === 1 ? 'secret' : 'secrets'} from ${escapeHtml(url)}`,
    environment === undefined ? '' : `environment ${escapeHtml(environment)}`,
    version === undefined ? '' : `version ${escapeHtml(version)}`,
    `to ${destinations.join(', ')}`,
    `zvault ${zvaultVersion}`,
  ].filter((fact) => fact !== '');
  core.summary.addHeading('zvault', 3).addRaw(`<p>${facts.join(' · ')}</p>`, true);
  if (rows.length > 0) {
    const header = ['Name', 'Key', 'Masked'].map((data) => ({ data, header: true }));
    core.summary.addTable([header, ...rows]);
  }
  if (variables.length > maxRows) core.summary.addRaw(`<p>and ${variables.length - maxRows} more</p>`, true);
  await core.summary.write();
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'`|\r\n]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
