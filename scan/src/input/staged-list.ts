// The list of what is staged, as git prints it.

import type { Host } from '@zvault/core/domain';
import { runGit } from './git.ts';

/** `--raw -z` output of the staged changes. @throws PARTIAL when git fails */
export function listStaged(host: Host, paths: readonly string[]): Promise<Buffer> {
  return runGit(host, [
    '--literal-pathspecs',
    'diff',
    '--cached',
    '--raw',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--diff-filter=ACMTU',
    '--abbrev=64',
    '--',
    ...paths,
  ]);
}
