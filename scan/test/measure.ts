// Recall and precision over labelled files.

import type { CorpusFile } from './corpus.ts';

export interface Spotted {
  readonly path: string;
  readonly rule: string;
  readonly line: number;
  readonly endLine: number;
}

export interface Score {
  readonly recall: number;
  readonly precision: number;
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

/** A secret is found if a finding shares a line with it; a finding is right if it shares a line with a secret. A second one is wrong. */
export function score(files: readonly CorpusFile[], spotted: readonly Spotted[]): Score {
  const missed: string[] = [];
  const wrong: string[] = [];
  let secrets = 0;
  let right = 0;
  for (const file of files) {
    const here = spotted.filter((one) => one.path === file.path);
    const used = new Set<Spotted>();
    for (const secret of file.secrets) {
      secrets += 1;
      const hit = here.find((one) => !used.has(one) && one.line <= secret.to && one.endLine >= secret.from);
      if (hit) {
        used.add(hit);
        right += 1;
      } else missed.push(`${secret.kind} in ${file.path}`);
    }
    for (const one of here) if (!used.has(one)) wrong.push(`${one.rule} at ${one.path}:${one.line}`);
  }
  return { recall: right / secrets, precision: spotted.length === 0 ? 1 : right / spotted.length, missed, wrong };
}
