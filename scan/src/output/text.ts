// `--format text`: one finding a line, for people.

import type { Report } from './index.ts';

export function* formatText(report: Report): Iterable<string> {
  for (const finding of report.findings) {
    const where = `${visible(finding.file)}:${finding.line}:${finding.column}`;
    const how = finding.encoding === undefined ? '' : ` (${finding.encoding})`;
    const use = finding.reference === undefined ? '' : `  use ${finding.reference}`;
    const when = finding.commit === undefined ? '' : `  in ${finding.commit.slice(0, 12)}`;
    yield `${where}  ${finding.severity}  ${finding.rule}  ${finding.title}${how}  ${visible(finding.redacted)}${use}${when}\n`;
  }
  const count = report.findings.length;
  if (count > 0) yield `${count} ${count === 1 ? 'secret' : 'secrets'} found\n`;
}

/** Control characters of a file's name must not reach a terminal. */
function visible(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
