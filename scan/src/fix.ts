// `--fix`: where a whole literal is a value of the vault, its reference takes its place. Everything else is told, not touched: a
// value inside a longer text, an encoded one, a file whose reader does not resolve references.

import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Host } from '@zvault/core/domain';
import type { Finding } from './finding.ts';
import type { Found } from './scanner.ts';

interface Fixable {
  readonly finding: Finding;
  readonly found: Found;
}

const dotenv = /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env)$/;
const structured = /\.(?:ya?ml|json|tfvars)$/;

/** Replaces what can be replaced in the work tree. Returns what to tell the user. */
export function applyFixes(host: Host, findings: readonly Fixable[], files: 'env' | 'all'): string[] {
  const told: string[] = [];
  const byFile = new Map<string, Fixable[]>();
  for (const one of findings) {
    if (one.finding.reference === undefined || one.finding.commit !== undefined) continue;
    const list = byFile.get(one.finding.file);
    if (list) list.push(one);
    else byFile.set(one.finding.file, [one]);
  }
  for (const [file, list] of byFile) {
    const takes = dotenv.test(file) || (files === 'all' && structured.test(file));
    const path = resolve(host.cwd, file);
    const edits = takes ? list.filter((one) => isWholeLiteral(path, one)) : [];
    for (const one of list)
      if (!edits.includes(one))
        told.push(
          `${JSON.stringify(file)} line ${one.finding.line}: write ${one.finding.reference ?? ''} instead of the value`,
        );
    if (edits.length === 0) continue;
    replaceIn(path, edits);
    told.push(
      `${JSON.stringify(file)}: ${edits.length} ${edits.length === 1 ? 'value' : 'values'} replaced by references`,
    );
  }
  return told;
}

/** True if the file still has the value at that place, alone between quotes, or between `=` or `:` and the end of the line. */
function isWholeLiteral(path: string, { found, finding }: Fixable): boolean {
  if (finding.encoding !== undefined) return false;
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return false;
  }
  const secret = found.identity.slice(found.identity.indexOf('\0') + 1);
  if (text.slice(found.start, found.end) !== secret || /[\r\n]/.test(secret)) return false;
  const before = text.slice(text.lastIndexOf('\n', found.start - 1) + 1, found.start);
  const after = text.slice(found.end, text.indexOf('\n', found.end) === -1 ? undefined : text.indexOf('\n', found.end));
  const quote = /["']$/.exec(before)?.[0];
  if (quote !== undefined) return after.startsWith(quote) && /(?:[=:,[]\s*|-\s+)["']$/.test(before);
  return /(?:^[\w.\s-]*=\s*|:\s+|^\s*-\s+)$/.test(before) && /^\s*(?:#.*)?$/.test(after);
}

function replaceIn(path: string, edits: readonly Fixable[]): void {
  let text = readFileSync(path, 'latin1');
  for (const { found, finding } of [...edits].sort((a, b) => b.found.start - a.found.start)) {
    text = text.slice(0, found.start) + (finding.reference ?? '') + text.slice(found.end);
  }
  const draft = `${path}.${process.pid}.tmp`;
  const { mode } = statSync(path);
  writeFileSync(draft, text, { encoding: 'latin1', mode: 0o600 });
  chmodSync(draft, mode & 0o777);
  renameSync(draft, path);
}
