// The options of `zvault scan` as data: help, completion and their reading (arguments.ts) are made from them.

export interface OptionSpec {
  /** Without dashes. */
  readonly name: string;
  /** What the value is called; absent for switches. */
  readonly value?: string;
  /** The value may be left out, and comes only after `=`. */
  readonly optionalValue?: true;
  readonly choices?: readonly string[];
  readonly help: string;
}

/** How a report may be written. */
const formatNames = ['text', 'json', 'sarif', 'junit', 'github', 'gitlab'] as const;
export type FormatName = (typeof formatNames)[number];

export const scanOptions = [
  { name: 'staged', help: 'scan what the next commit adds' },
  { name: 'history', help: 'scan every commit that a branch or tag leads to' },
  { name: 'range', value: 'A..B', help: 'scan what these commits add' },
  { name: 'unpushed', help: 'scan what the commits add that no remote has' },
  {
    name: 'vault',
    value: 'required',
    optionalValue: true,
    choices: ['required'],
    help: "find the values of the vault's environment, too",
  },
  {
    name: 'fix',
    value: 'all',
    optionalValue: true,
    choices: ['all'],
    help: 'replace values of the vault by references in dotenv files; "all": in YAML, JSON and tfvars, too',
  },
  { name: 'format', value: 'FORMAT', choices: formatNames, help: 'how to report' },
  { name: 'output', value: 'FILE', help: 'where to report (default: standard output)' },
  { name: 'sarif', value: 'FILE', help: 'write SARIF to a file, too' },
  { name: 'baseline', value: 'FILE', help: 'leave out the findings that the file holds' },
  { name: 'write-baseline', value: 'FILE', help: 'write the findings to a file that --baseline reads, and succeed' },
  { name: 'config', value: 'FILE', help: 'configuration (default: .zvault-scan.toml)' },
  { name: 'config-from', value: 'COMMIT', help: 'take configuration, baseline and ignore files from this commit' },
  { name: 'max-file-size', value: 'SIZE', help: 'pass over larger files; 0: none' },
  { name: 'deep', help: 'look into zip, tar and gzip archives' },
  { name: 'strict', help: 'fail (6) if anything was passed over' },
  { name: 'threads', value: 'N', help: 'how many threads scan files' },
  { name: 'list-rules', help: 'print the rules' },
  { name: 'json', help: 'the same as --format json' },
  { name: 'explain-index', help: "print which of the vault's values are looked for, by key" },
  { name: 'help', help: 'print this help' },
] as const satisfies readonly OptionSpec[];
