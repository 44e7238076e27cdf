// Changes of an environment on a server without event streams: its list of keys, read again and compared.

import type { SecretKey } from '../wire/shapes.ts';
import { sleep } from './abort.ts';
import type { ChangeContext, SecretEvent, WatchOptions } from './change.ts';
import { patiently } from './patience.ts';

const defaultIntervalMs = 30_000;

export async function* pollChanges(
  context: ChangeContext,
  environment: string,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<SecretEvent, void> {
  const list = async (): Promise<Map<string, SecretKey>> => {
    const keys = await patiently(context.requester, signal, () => context.writer.listKeys({ environment }, signal));
    return new Map(keys.map((key) => [key.key, key]));
  };
  const intervalMs = options.pollIntervalMs ?? defaultIntervalMs;
  let before = await list();
  context.reader.memoryOf({ environment }).expire();
  for (;;) {
    await sleep(intervalMs * (0.9 + 0.2 * context.requester.random()), signal);
    const now = await list();
    yield* differences(before, now, environment);
    before = now;
  }
}

/** What happened between two lists, as far as they tell. */
function differences(
  before: ReadonlyMap<string, SecretKey>,
  now: ReadonlyMap<string, SecretKey>,
  environment: string,
): SecretEvent[] {
  const written = [...now.values()].filter((key) => {
    const old = before.get(key.key);
    // Versions start again when a key is deleted and made anew; the time does not.
    return old?.version !== key.version || old.id !== key.id || old.updated_at !== key.updated_at;
  });
  const deleted = [...before.values()].filter((key) => !now.has(key.key));
  return [
    ...written.map(({ key, version }) => ({ type: 'secret.written', environment, key, version }) as const),
    ...deleted.map(({ key, version }) => ({ type: 'secret.deleted', environment, key, version }) as const),
  ];
}
