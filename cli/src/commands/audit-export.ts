import { resolve } from 'node:path';
import { cefLine } from '../audit/cef.ts';
import { csvHeading, csvRow } from '../audit/csv.ts';
import { flattenRecord } from '../audit/record.ts';
import { defineCommand, integerIn, oneOf } from '../command.ts';
import { type ConnectionFlags, addressOption, connect } from '../connection.ts';
import { privateMode, writeFileAtomic } from '../staged-file.ts';

const formats = ['json', 'csv', 'cef'] as const;

interface Options extends ConnectionFlags {
  readonly after?: string;
  readonly format: (typeof formats)[number];
  readonly limit: number;
  readonly output?: string;
}

/** Most records of one answer. */
const pageSize = 1000;

export const auditExport = defineCommand<Options>({
  configure(command) {
    addressOption(
      command
        .option('--format <format>', 'json, csv or cef', oneOf('--format', formats), 'json')
        .option('--limit <n>', 'at most so many records', integerIn('--limit', 1, 10_000_000), 1000)
        .option('--after <cursor>', 'only records older than this one, which an earlier export named')
        .option('--output <file>', 'write to this file, for its owner alone; - is stdout'),
    ).addHelpText('after', notes);
  },
  async run({ context, options }) {
    const { host, log } = context;
    const { format, limit, output } = options;
    await using connection = await connect(context, options, 'vault');
    const { sys } = connection.client.cloud;
    const toStdout = output === undefined || output === '-';
    const parts: string[] = [];
    const write = (text: string): void => {
      if (toStdout) host.stdout.write(text);
      else parts.push(text);
    };
    let { after } = options;
    let count = 0;
    for (;;) {
      const page = await sys.auditLog({ limit: Math.min(pageSize, limit - count), after, signal: context.interrupted });
      // With the first page, so that a refusal leaves nothing behind.
      if (count === 0) write(beginnings[format]);
      for (const entry of page.entries) {
        write(recordText(format, entry, count));
        count += 1;
      }
      after = page.next ?? undefined;
      if (after === undefined || count >= limit) break;
    }
    write(format === 'json' ? (count === 0 ? ']\n' : '\n]\n') : '');
    if (!toStdout) {
      writeFileAtomic(host, resolve(host.cwd, output), parts.join(''), { mode: privateMode });
      log.done(`wrote ${count} ${count === 1 ? 'record' : 'records'} to ${output}`);
    }
    if (after !== undefined) log.info(`there are older records; go on with --after ${after}`);
  },
});

const beginnings: Readonly<Record<Options['format'], string>> = { json: '[', csv: csvHeading, cef: '' };

function recordText(format: Options['format'], entry: Readonly<Record<string, unknown>>, index: number): string {
  if (format === 'json') return `${index === 0 ? '' : ','}\n${JSON.stringify(entry)}`;
  const record = flattenRecord(entry);
  return format === 'csv' ? csvRow(record) : cefLine(record);
}

const notes = `
Newest first. The vault keeps the last million records to ask for; the audit's files are the
archive. Needs a token with "read" on sys/audit-log.

In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe.

Examples:
  zvault audit-export --format csv --limit 5000 --output audit.csv
  zvault audit-export --format cef | logger --tag zvault
`;
