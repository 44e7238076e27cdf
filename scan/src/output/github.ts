// `--format github`: workflow commands that GitHub turns into annotations.
// Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands

import type { Report } from './index.ts';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'notice' } as const;

export function* formatGithub(report: Report): Iterable<string> {
  for (const finding of report.findings) {
    const advice = finding.reference === undefined ? '' : `; use ${finding.reference}`;
    const properties = [
      `file=${property(finding.file)}`,
      `line=${finding.line}`,
      `endLine=${finding.endLine}`,
      ...(finding.line === finding.endLine ? [`col=${finding.column}`, `endColumn=${finding.endColumn}`] : []),
      `title=${property(finding.title)}`,
    ];
    yield `::${levels[finding.severity]} ${properties.join(',')}::${message(`${finding.rule}: ${finding.redacted}${advice} (${finding.fingerprint})`)}\n`;
  }
}

function message(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function property(text: string): string {
  return message(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
