// What a look-up tells of a token, for people and for scripts.

import type { Host } from '@zvault/core/domain';
import { printJson, printRows } from './output/table.ts';

interface Facts {
  readonly token_hash: string;
  readonly policies: readonly string[];
  readonly display_name: string;
  readonly renewable: boolean;
  readonly created_at: string;
  readonly expires_at: string | null;
}

/** How much of a hash tells tokens apart. */
const shownHashLength = 12;

export function printToken(host: Host, facts: Facts, json: boolean): void {
  if (json) {
    printJson(host, facts);
    return;
  }
  printRows(
    host,
    ['field', 'value'],
    [
      ['name', facts.display_name],
      ['hash', facts.token_hash.slice(0, shownHashLength)],
      ['policies', facts.policies.join(',')],
      ['renewable', facts.renewable ? 'yes' : 'no'],
      ['created', facts.created_at],
      ['expires', facts.expires_at ?? 'never'],
    ],
  );
}
