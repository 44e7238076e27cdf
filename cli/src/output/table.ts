// Lists: an aligned table for a person at a terminal, tab-separated lines for a pipe, JSON where it is asked for.

import type { Host } from '@zvault/core/domain';
import { usesColor } from './log.ts';
import { terminalText } from './terminal-text.ts';

/** An aligned table with a heading. Cells are made safe for a terminal. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[], bold = false): string {
  const lines = [heading.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(terminalText))];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ''))));
  const texts = lines.map((line) =>
    line
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (bold && texts[0] !== undefined) texts[0] = `\u001b[1m${texts[0]}\u001b[22m`;
  return texts.map((text) => `${text}\n`).join('');
}

/** One line a row, cells divided by tabs, without a heading: for `cut`, `awk` and `while read`. */
export function formatLines(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(terminalText).join('\t')}\n`).join('');
}

/** Writes rows to stdout: as a table on a terminal, else as lines. */
export function printRows(host: Host, heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = host.stdout.isTTY === true;
  host.stdout.write(table ? formatTable(heading, rows, usesColor(host.stdout, host.env)) : formatLines(rows));
}

/** Writes one JSON document to stdout. */
export function printJson(host: Host, value: unknown): void {
  host.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function width(cell: string): number {
  return Array.from(cell).length;
}

function pad(cell: string, columns: number): string {
  return cell + ' '.repeat(Math.max(0, columns - width(cell)));
}
