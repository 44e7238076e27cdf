// The formats of the report, by name. Each is a pure function of the report; none of them ever sees a secret.

import type { Finding } from '../finding.ts';
import type { FormatName } from '../options.ts';
import { formatGithub } from './github.ts';
import { formatGitlab } from './gitlab.ts';
import { formatJson } from './json.ts';
import { formatJunit } from './junit.ts';
import { formatSarif } from './sarif.ts';
import { formatText } from './text.ts';

export interface Report {
  readonly findings: readonly Finding[];
  /** What the reader should know: values left out, files passed over. */
  readonly notices: readonly string[];
  /** When the scan began, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly version: string;
}

export const formats = {
  text: formatText,
  json: formatJson,
  sarif: formatSarif,
  junit: formatJunit,
  github: formatGithub,
  gitlab: formatGitlab,
} as const satisfies Record<FormatName, (report: Report) => Iterable<string>>;
