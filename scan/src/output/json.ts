// `--format json`: the findings for programs.

import type { Report } from './index.ts';

export function formatJson(report: Report): string {
  const findings = report.findings.map((finding) => ({ ...finding, title: undefined }));
  return `${JSON.stringify({ findings, notices: report.notices }, undefined, 2)}\n`;
}
