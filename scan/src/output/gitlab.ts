// `--format gitlab`: the report of GitLab's secret detection.
// Source: https://gitlab.com/gitlab-org/security-products/security-report-schemas (secret-detection-report-format 15.2)

import { hexDigest } from '../digest.ts';
import type { Report } from './index.ts';
import { LongList, jsonText } from './json-text.ts';

const severities = { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' } as const;
/** The commit that GitLab wants named where there is none. */
const noCommit = '0'.repeat(40);

export function* formatGitlab(report: Report): Iterable<string> {
  const tool = { id: 'zvault-scan', name: 'zvault scan', version: report.version, vendor: { name: 'zvault' } };
  const time = new Date(report.startedAt).toISOString().slice(0, 19);
  const vulnerabilities = new LongList(report.findings, (finding) => ({
    id: uuidOf(finding.fingerprint),
    category: 'secret_detection',
    name: finding.title,
    description: `${finding.title}: ${finding.redacted}${finding.reference === undefined ? '' : `; use ${finding.reference}`}`,
    cve: `${finding.file}:${finding.fingerprint}:${finding.rule}`,
    severity: severities[finding.severity],
    raw_source_code_extract: finding.redacted,
    scanner: { id: 'zvault-scan', name: 'zvault scan' },
    location: {
      file: finding.file,
      commit: { sha: finding.commit ?? noCommit },
      start_line: finding.line,
      end_line: finding.endLine,
    },
    identifiers: [{ type: 'zvault_scan_rule_id', name: `zvault scan rule ${finding.rule}`, value: finding.rule }],
  }));
  const scan = {
    analyzer: tool,
    scanner: tool,
    type: 'secret_detection',
    start_time: time,
    end_time: time,
    status: 'success',
  };
  yield* jsonText({ version: '15.2.1', vulnerabilities, scan });
  yield '\n';
}

/** A UUID (version 5's shape) made from the fingerprint. */
function uuidOf(fingerprint: string): string {
  const hex = hexDigest('sha256', fingerprint);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
