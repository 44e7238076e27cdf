// Reading secrets of KV mounts, as ready-made answers (bodies.ts). The stored text goes into them as it is.

import { formatVaultTimestamp } from '../../../domain/duration.ts';
import { ZvaultError } from '../../../domain/errors.ts';
import { refuse } from '../../../domain/names.ts';
import type { KvMetadata } from '../../../wire/engine-shapes.ts';
import { Bodies } from '../../bodies.ts';
import type { Soon } from '../../soon.ts';
import { keys } from '../../store/keys.ts';
import type { Reader, Store } from '../../store/store.ts';
import type { MountRecord, Mounts } from '../mounts.ts';
import { pathProblem, prefixProblem } from './path.ts';
import { type KvMeta, type KvRecords, currentOf, maxVersions } from './record.ts';
import { noSecret } from './writing.ts';

/** Bytes of answers kept in memory, of newest versions; a quarter of it for others. */
const maxBodyBytes = 32 * 1024 * 1024;

export class KvReader {
  readonly #store: Store;
  readonly #mounts: Mounts;
  readonly #records: KvRecords;
  readonly #newest: Bodies<Buffer>;
  readonly #versions: Bodies<Buffer>;

  constructor(store: Store, mounts: Mounts, records: KvRecords) {
    this.#store = store;
    this.#mounts = mounts;
    this.#records = records;
    this.#newest = new Bodies<Buffer>(store, { maxBytes: maxBodyBytes, bytes: (body) => body });
    this.#versions = new Bodies<Buffer>(store, { maxBytes: maxBodyBytes / 4, bytes: (body) => body });
  }

  /**
   * The answer to a read: of the newest version, or of another.
   * @throws NOT_FOUND (never written, deleted, destroyed, not kept), BAD_REQUEST (the path)
   */
  read(mountName: string, path: string, version: number | undefined): Soon<Buffer> {
    // Apart, and with the number in front: no path that a caller can spell is the name of another's version.
    return version === undefined
      ? this.#newest.get(mountName, path, (reader) => this.#load(reader, mountName, path, undefined))
      : this.#versions.get(mountName, `${version} ${path}`, (reader) => this.#load(reader, mountName, path, version));
  }

  /** @throws NOT_FOUND, BAD_REQUEST */
  async metadata(mountName: string, path: string): Promise<KvMetadata> {
    const { meta } = await this.#find(this.#store, mountName, path);
    const { versions } = meta;
    const created = formatVaultTimestamp((versions[0] ?? currentOf(meta)).created_at);
    const updated = formatVaultTimestamp(currentOf(meta).created_at);
    return {
      current_version: currentOf(meta).version,
      created_at: created,
      updated_at: updated,
      version_count: versions.length,
      max_versions: maxVersions,
      created_time: created,
      updated_time: updated,
      versions: Object.fromEntries(
        versions.map(({ version, created_at, created_by, deleted_at, destroyed }) => [
          version,
          {
            created_time: formatVaultTimestamp(created_at),
            created_by,
            deletion_time: deleted_at === null ? null : formatVaultTimestamp(deleted_at),
            destroyed,
          },
        ]),
      ),
    };
  }

  /**
   * What follows the prefix in every path under it, sorted; deleted ones too. A prefix that ends within a segment has nothing
   * under it but what continues with a slash.
   * @throws NOT_FOUND (the mount), BAD_REQUEST
   */
  async list(mountName: string, prefix: string): Promise<string[]> {
    const mount = await this.#mounts.find(this.#store, mountName, 'kv');
    refuse(prefixProblem(prefix));
    const whole = prefix === '' || prefix.endsWith('/');
    const entries = await this.#store.scan({ prefix: keys.kvMeta(mount.id, whole ? prefix : `${prefix}/`) });
    const { length } = keys.kvMeta(mount.id, prefix);
    return entries.map(({ key }) => key.slice(length)).filter((rest) => rest !== '');
  }

  /** Overwrites what was read. */
  clear(): void {
    this.#newest.clear();
    this.#versions.clear();
  }

  async #load(reader: Reader, mountName: string, path: string, asked: number | undefined): Promise<Buffer> {
    const { mount, meta } = await this.#find(reader, mountName, path);
    const version = asked === undefined ? currentOf(meta) : meta.versions.find((one) => one.version === asked);
    if (!version) throw new ZvaultError('NOT_FOUND', `there is no version ${asked} of ${path}`);
    if (version.destroyed || version.deleted_at !== null)
      throw new ZvaultError(
        'NOT_FOUND',
        `version ${version.version} of ${path} was ${version.destroyed ? 'destroyed' : 'deleted'}`,
      );
    const value = await this.#records.readValue(reader, mount, meta.id, version.version);
    const metadata = { version: version.version, created_time: formatVaultTimestamp(version.created_at) };
    const body = Buffer.concat([
      Buffer.from('{"data":{"data":'),
      value,
      Buffer.from(`,"metadata":${JSON.stringify(metadata)}},"lease_id":null,"lease_duration":null,"renewable":false}`),
    ]);
    value.fill(0);
    return body;
  }

  async #find(reader: Reader, mountName: string, path: string): Promise<{ mount: MountRecord; meta: KvMeta }> {
    const mount = await this.#mounts.find(reader, mountName, 'kv');
    refuse(pathProblem(path));
    const meta = await this.#records.readMeta(reader, mount, path);
    if (!meta) throw noSecret(path);
    return { mount, meta };
  }
}
