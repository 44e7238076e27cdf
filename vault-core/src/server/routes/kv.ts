import { formatVaultTimestamp } from '../../domain/duration.ts';
import type { KvListReply, KvWrittenReply } from '../../wire/engine-shapes.ts';
import { withoutDenied } from '../engines/kv/listing.ts';
import { parseKvBody } from '../engines/kv/writing.ts';
import { type Handler, type RequestContext, bodyOf, callerOf, parameter } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import { type Soon, soon } from '../soon.ts';

/** What no KV secret has. */
const noLease = { lease_id: null, lease_duration: null, renewable: false };

export const kvHandlers = {
  'kv.read': read,
  'kv.write': write,
  'kv.delete': (context) => {
    const { mount, path } = placeOf(context);
    return context.commit(async (transaction) => {
      const { version } = await context.vault.engines.kvWriter.delete(transaction, mount, path, context.nowMs);
      return { status: 204, body: null, resource: path, data: { versions: [version] } };
    });
  },
  'kv.metadata': async (context) => {
    const { mount, path } = placeOf(context);
    return ok(await context.vault.engines.kvReader.metadata(mount, path), { resource: path });
  },
  'kv.erase': (context) => {
    const { mount, path } = placeOf(context);
    return context.commit(async (transaction) => {
      await context.vault.engines.kvWriter.erase(transaction, mount, path);
      return { status: 204, body: null, resource: path };
    });
  },
  'kv.list': list,
  'kv.list-all': list,
  'kv.list-root': list,
  'kv.undelete': (context) => changeVersions(context, 'undelete'),
  'kv.destroy': (context) => changeVersions(context, 'destroy'),
} satisfies Record<string, Handler>;

function placeOf(context: RequestContext): { mount: string; path: string } {
  return { mount: parameter(context, 'mount'), path: parameter(context, 'path') };
}

function read(context: RequestContext): Soon<Reply> {
  const { mount, path } = placeOf(context);
  const { version } = context.query;
  const body = context.vault.engines.kvReader.read(mount, path, typeof version === 'number' ? version : undefined);
  return soon(body, (bytes) => ok(bytes, { resource: path }));
}

function write(context: RequestContext): Promise<Reply> {
  const { actor, nowMs, vault } = context;
  const { mount, path } = placeOf(context);
  const asked = parseKvBody(bodyOf<string>(context));
  return context.commit(async (transaction) => {
    const { version } = await vault.engines.kvWriter.put(transaction, mount, path, asked, { actor, nowMs });
    const reply: KvWrittenReply = { data: { version, created_time: formatVaultTimestamp(nowMs) }, ...noLease };
    return ok(reply, { resource: path, data: { version, value_hmac: vault.seal.keyring.auditMac.hex(asked.text) } });
  });
}

async function list(context: RequestContext): Promise<Reply> {
  const { mount, path } = placeOf(context);
  const found = await context.vault.engines.kvReader.list(mount, path);
  const keys = withoutDenied(found, callerOf(context).policies, `${mount}/list/`, path);
  return ok({ data: { keys }, ...noLease, keys } satisfies KvListReply);
}

function changeVersions(context: RequestContext, change: 'undelete' | 'destroy'): Promise<Reply> {
  const { mount, path } = placeOf(context);
  const { versions } = bodyOf<{ versions: readonly number[] }>(context);
  return context.commit(async (transaction) => {
    await context.vault.engines.kvWriter[change](transaction, mount, path, versions);
    return { status: 204, body: null, resource: path, data: { versions } };
  });
}
