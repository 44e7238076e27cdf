// `--format junit`: each finding a failed test case; no findings are one that passed.

import type { Report } from './index.ts';

export function* formatJunit(report: Report): Iterable<string> {
  const count = Math.max(1, report.findings.length);
  const attributes = `tests="${count}" failures="${report.findings.length}" errors="0"`;
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="zvault scan" ${attributes}>\n  <testsuite name="zvault scan" ${attributes} time="0">\n`;
  if (report.findings.length === 0) yield '    <testcase classname="zvault-scan" name="no secrets"/>\n';
  for (const finding of report.findings) {
    const where = `${finding.file}:${finding.line}:${finding.column}`;
    const text = `${where} ${finding.title}: ${finding.redacted}${finding.reference === undefined ? '' : `; use ${finding.reference}`}`;
    yield `    <testcase classname="${escape(finding.rule)}" name="${escape(where)}" file="${escape(finding.file)}" line="${finding.line}"><failure message="${escape(finding.title)}" type="${finding.severity}">${escape(text)}</failure></testcase>\n`;
  }
  yield '  </testsuite>\n</testsuites>\n';
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** XML 1.0 has no way to write most control characters: they become U+FFFD. */
function escape(text: string): string {
  return text
    .replace(/[&<>"'\n\r\t]/g, (letter) => entities[letter] ?? letter)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
}
