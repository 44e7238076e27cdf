// Audit lines as messages of syslog. Source: RFC 5424, sections 6.1 to 6.4.

import { hostname } from 'node:os';

/** Facility 4 (security and authorisation), severity 6 (informational): 4 × 8 + 6. */
const priority = 38;
const newline = 0x0a;
const timestampLabel = '"timestamp":"';
/** Of an RFC 3339 time in UTC with milliseconds. */
const timestampLength = 24;

/** Printable ASCII without spaces, as the header's fields must be. */
function field(text: string, maxLength: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, maxLength) || '-';
}

/** Each line with a header before it. The lines keep their ends of line. */
export function syslogMessages(lines: Buffer, host: string = hostname(), processId: number = process.pid): Buffer[] {
  const rest = `${field(host, 255)} zvault ${processId} audit - `;
  const messages: Buffer[] = [];
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(newline, start) + 1 || lines.length;
    const line = lines.subarray(start, end);
    const at = line.indexOf(timestampLabel) + timestampLabel.length;
    const timestamp = line.toString('latin1', at, at + timestampLength);
    messages.push(Buffer.concat([Buffer.from(`<${priority}>1 ${timestamp} ${rest}`), line]));
    start = end;
  }
  return messages;
}

/** A message in a stream: its length, a space, and the message without its end of line. Source: RFC 6587, section 3.4.1. */
export function octetCounted(message: Buffer): Buffer {
  const bytes = message.at(-1) === newline ? message.subarray(0, -1) : message;
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}
