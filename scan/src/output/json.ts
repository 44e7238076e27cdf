// `--format json`: the findings for programs.

import type { Report } from './index.ts';
import { LongList, jsonText } from './json-text.ts';

export function* formatJson({ findings, notices }: Report): Iterable<string> {
  yield* jsonText({ findings: new LongList(findings, (finding) => ({ ...finding, title: undefined })), notices });
  yield '\n';
}
