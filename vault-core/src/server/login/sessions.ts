// The session of a person: a token of the vault that stands for them, so that a sign-in lasts a working day although identity
// tokens end after minutes, and can be revoked. Roles are looked up at each request: a session never knows more than the person.

import type { Actor } from '../../domain/actor.ts';
import { storeToken } from '../auth/token-making.ts';
import type { PersonRecord, Records, VaultTokenRecord } from '../records.ts';
import type { Transaction } from '../store/store.ts';

/** Contract 1.5: 8 hours, and 24 at most. */
const sessionLifetimeMs = 28_800_000;
const sessionLongestMs = 86_400_000;

export interface NewSession {
  readonly person: PersonRecord;
  readonly policies: readonly string[];
  readonly nowMs: number;
  readonly random: (count: number) => Buffer;
}

export async function createSession(
  transaction: Transaction,
  records: Records,
  { person, policies, nowMs, random }: NewSession,
): Promise<{ token: string; record: VaultTokenRecord }> {
  const { record, plaintext } = await storeToken(
    transaction,
    records,
    { nowMs, random },
    {
      policies,
      display_name: person.email || person.name || person.subject,
      metadata: { issuer: person.issuer, subject: person.subject },
      renewable: true,
      expires_at: nowMs + sessionLifetimeMs,
      expires_at_most: nowMs + sessionLongestMs,
      parent: null,
      person,
      created_by: personActor(person, null),
    },
  );
  return { token: plaintext, record };
}

export function personActor({ subject, issuer }: PersonRecord, tokenId: string | null): Actor {
  return { type: 'user', id: subject, issuer, token_id: tokenId, via: 'api' };
}
