// The files that `import` leaves: references beside the original, a copy of it, and entries in .gitignore. All of
// them are on the disk, under other names, before a value leaves for the vault; they get their names when it is
// there.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Host, parseDotenv } from '@zvault/core/domain';
import { readIgnoreFile, withIgnored } from './gitignore.ts';
import { readFileBytes } from './input.ts';
import type { ImportSource } from './import-source.ts';
import { formatReferenceFile, referenceFileName } from './reference-file.ts';
import { type StagedFile, privateMode, stageFile } from './staged-file.ts';

export interface ImportFileOptions {
  /** Slug in the references; undefined: no reference file. */
  readonly project: string | undefined;
  readonly backup: boolean;
  readonly gitignore: boolean;
}

export interface ImportFiles {
  readonly references: string | undefined;
  readonly backup: string | undefined;
  /** Names that .gitignore does not have yet. */
  readonly ignored: readonly string[];
  /** Names in the reference file of before that are not in the new one. */
  readonly dropped: readonly string[];
  /** Writes everything under other names. */
  stage(host: Pick<Host, 'randomBytes'>): StagedFile[];
}

/** What is to be written for `path`; nothing is written yet. @throws FORBIDDEN, INPUT_INVALID */
export function planImportFiles(path: string, source: ImportSource, options: ImportFileOptions): ImportFiles {
  const folder = dirname(path);
  const backup = options.backup ? `${path}.backup` : undefined;
  const references = options.project === undefined ? undefined : join(folder, referenceFileName);
  const ignore = options.gitignore ? readIgnoreFile(folder) : undefined;
  const secretFiles = [path, ...(backup === undefined ? [] : [backup])].map((file) => basename(file));
  const ignored =
    ignore === undefined ? [] : secretFiles.filter((name) => withIgnored(ignore.text, [name]) !== ignore.text);
  return {
    references,
    backup,
    ignored,
    dropped: references === undefined ? [] : droppedKeys(references, source),
    stage(host) {
      const staged: StagedFile[] = [];
      try {
        if (backup !== undefined) staged.push(stageFile(host, backup, source.bytes, { mode: privateMode }));
        if (references !== undefined) {
          const text = formatReferenceFile(options.project ?? '', source.keys, source.carried);
          staged.push(stageFile(host, references, text));
        }
        if (ignore !== undefined && ignored.length > 0) {
          staged.push(stageFile(host, ignore.path, withIgnored(ignore.text, ignored)));
        }
        return staged;
      } catch (error) {
        for (const file of staged) file.discard();
        throw error;
      }
    },
  };
}

function droppedKeys(path: string, source: ImportSource): string[] {
  if (!existsSync(path)) return [];
  const before = parseDotenv(readFileBytes('/', path), { file: referenceFileName });
  return [...before.values().keys()].filter((key) => !source.keys.includes(key));
}
