// The last changes of each environment, by revision: what an event stream sends, and what it resumes from.

import type { Actor } from '../../domain/actor.ts';
import { formatTimestamp } from '../../domain/duration.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';

export interface SecretEvent {
  readonly type: 'secret.written' | 'secret.deleted';
  readonly key: string;
  readonly version: number;
}

export interface StoredEvent extends SecretEvent {
  readonly revision: number;
  readonly actor: Actor;
  readonly at: string;
}

/** Events kept of each environment. A stream that resumes from further back is told to read everything anew. */
export const maxEvents = 1000;

export async function recordEvent(
  transaction: Transaction,
  environmentId: string,
  revision: number,
  event: SecretEvent,
  by: { actor: Actor; nowMs: number },
): Promise<void> {
  const stored: StoredEvent = { ...event, revision, actor: by.actor, at: formatTimestamp(by.nowMs) };
  await transaction.put(keys.event(environmentId, revision), JSON.stringify(stored));
  if (revision > maxEvents) await transaction.delete(keys.event(environmentId, revision - maxEvents));
}

/** Events after `revision`, oldest first. */
export async function eventsAfter(
  reader: Reader,
  environmentId: string,
  revision: number,
  limit: number,
): Promise<StoredEvent[]> {
  const entries = await reader.scan({
    prefix: keys.eventPrefix(environmentId),
    after: keys.event(environmentId, revision),
    limit,
  });
  return entries.map(({ value }) => JSON.parse(value.toString()) as StoredEvent);
}
