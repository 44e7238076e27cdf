// Mounts: which engine answers under which first segment of the path. `secret` and `transit` are there from the beginning,
// without a record, until they are unmounted. What an unmounted mount holds stays, encrypted under the mount's key, and is there
// again when it is mounted again (contract 1.7).

import { randomUUID } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { refuse, textProblem } from '../../domain/names.ts';
import type { Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Reader, Transaction } from '../store/store.ts';

export type EngineType = 'kv' | 'transit';

export interface MountRecord {
  /** Names its key and its entries in the store. */
  readonly id: string;
  readonly name: string;
  readonly engine_type: EngineType;
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly created_at: number;
  /** Milliseconds; set while nothing is mounted there. */
  readonly unmounted_at: number | null;
}

/** First segments that other routes have, or engines of existing clients that this server does not have. */
export const reservedMounts: readonly string[] = [
  'auth',
  'cloud',
  'cubbyhole',
  'database',
  'identity',
  'metrics',
  'pki',
  'sys',
];
const maxNameLength = 64;
/** Of a mount's `config`, as JSON. It is kept for clients that send it; nothing of it is used. */
const maxConfigLength = 4096;

const builtIn: Readonly<Record<string, MountRecord>> = Object.fromEntries(
  (
    [
      ['secret', 'kv', 'key/value storage', '00000000-0000-4000-8000-000000000010'],
      ['transit', 'transit', 'encryption as a service', '00000000-0000-4000-8000-000000000011'],
    ] as const
  ).map(([name, engine_type, description, id]) => [
    name,
    { id, name, engine_type, description, config: {}, created_at: 0, unmounted_at: null },
  ]),
);

export interface NewMount {
  readonly engine_type: string;
  readonly description?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

export class Mounts {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** By name. */
  async list(reader: Reader): Promise<MountRecord[]> {
    const found = new Map(Object.entries(builtIn));
    for (const { key, value } of await reader.scan({ prefix: keys.mountPrefix })) {
      const mount = await this.#records.open<MountRecord>(reader, key, value);
      found.set(mount.name, mount);
    }
    return [...found.values()]
      .filter((mount) => mount.unmounted_at === null)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** What is mounted there. @throws NOT_FOUND: nothing, or another engine */
  async find(reader: Reader, name: string, engine: EngineType): Promise<MountRecord> {
    const mount = await this.#any(reader, name);
    if (mount?.unmounted_at !== null || mount.engine_type !== engine) throw notMounted();
    return mount;
  }

  /** @throws BAD_REQUEST (name, engine), CONFLICT (in use) */
  async mount(transaction: Transaction, name: string, asked: NewMount, nowMs: number): Promise<void> {
    refuse(mountNameProblem(name) ?? textProblem(asked.description ?? '') ?? configProblem(asked.config ?? {}));
    const engine = engineOf(name, asked.engine_type);
    const earlier = await this.#any(transaction, name);
    if (earlier?.unmounted_at === null) throw new ZvaultError('CONFLICT', `something is mounted at ${name}/ already`);
    const record: MountRecord = {
      id: earlier?.id ?? randomUUID(),
      name,
      engine_type: engine,
      description: asked.description ?? '',
      config: asked.config ?? {},
      created_at: nowMs,
      unmounted_at: null,
    };
    await this.#records.write(transaction, keys.mount(name), record);
  }

  /** @throws NOT_FOUND */
  async unmount(transaction: Transaction, name: string, nowMs: number): Promise<void> {
    const mount = await this.#any(transaction, name);
    if (mount?.unmounted_at !== null) throw notMounted();
    await this.#records.write(transaction, keys.mount(name), { ...mount, unmounted_at: nowMs });
  }

  async #any(reader: Reader, name: string): Promise<MountRecord | undefined> {
    const record = await this.#records.read<MountRecord>(reader, keys.mount(name));
    return record ?? (Object.hasOwn(builtIn, name) ? builtIn[name] : undefined);
  }
}

function mountNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > maxNameLength)
    return `a mount's name takes letters, digits, "_" and "-", at most ${maxNameLength} of them`;
  if (reservedMounts.includes(name)) return `"${name}" is reserved`;
  return undefined;
}

function configProblem(config: object): string | undefined {
  return JSON.stringify(config).length > maxConfigLength
    ? `"config" must have at most ${maxConfigLength} characters as JSON`
    : undefined;
}

/** Its routes stand in the table under this one name. */
function engineOf(name: string, asked: string): EngineType {
  if (asked === 'kv' && name !== 'transit') return 'kv';
  if (asked === 'transit' && name === 'transit') return 'transit';
  if (asked === 'kv' || asked === 'transit')
    throw new ZvaultError('BAD_REQUEST', 'transit is mounted at transit/, and nothing else is');
  throw new ZvaultError('BAD_REQUEST', 'the engine must be "kv"');
}

function notMounted(): ZvaultError {
  return new ZvaultError('NOT_FOUND', 'nothing of that kind is mounted there', {
    hint: '"zvault mount list" shows what is mounted',
  });
}
