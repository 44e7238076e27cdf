// `--format sarif`: SARIF 2.1.0. Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

import type { Finding } from '../finding.ts';
import type { Report } from './index.ts';
import { LongList, jsonText } from './json-text.ts';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const;
/** What GitHub sorts by. */
const scores = { critical: '9.5', high: '8.0', medium: '5.0', low: '2.0' } as const;

export function* formatSarif(report: Report): Iterable<string> {
  const used = new Map(report.findings.map((finding) => [finding.rule, finding]));
  const rules = [...used.values()]
    .sort((a, b) => (a.rule < b.rule ? -1 : 1))
    .map((finding) => ({
      id: finding.rule,
      name: finding.rule.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      shortDescription: { text: finding.title },
      fullDescription: { text: `${finding.title} in plain sight` },
      help: { text: 'Revoke it, then keep the new one in the vault and refer to it from here.' },
      defaultConfiguration: { level: levels[finding.severity] },
      properties: { 'security-severity': scores[finding.severity], tags: ['security', 'secret'] },
    }));
  const index = new Map(rules.map((rule, position) => [rule.id, position]));
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'zvault scan',
            version: report.version,
            informationUri: 'https://github.com/zvault/zvault',
            rules,
          },
        },
        columnKind: 'unicodeCodePoints',
        results: new LongList(report.findings, (finding) => resultOf(finding, index.get(finding.rule) ?? 0)),
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: report.notices.map((text) => ({ level: 'note', message: { text } })),
          },
        ],
      },
    ],
  };
  yield* jsonText(log);
  yield '\n';
}

function resultOf(finding: Finding, ruleIndex: number): object {
  const advice = finding.reference === undefined ? '' : ` Use ${finding.reference}.`;
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: levels[finding.severity],
    message: { text: `${finding.title}: ${finding.redacted}.${advice}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(finding.file) },
          region: {
            startLine: finding.line,
            startColumn: finding.column,
            endLine: finding.endLine,
            endColumn: finding.endColumn,
          },
        },
      },
    ],
    partialFingerprints: { 'zvaultScan/v1': finding.fingerprint },
    ...(finding.commit === undefined ? {} : { properties: { commit: finding.commit } }),
  };
}

function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${path}` : path;
}
