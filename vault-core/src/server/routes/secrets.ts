import { ZvaultError } from '../../domain/errors.ts';
import type { BatchBody } from '../../wire/shapes.ts';
import type { Permission } from '../../wire/words.ts';
import { findEnvironment } from '../cloud/find.ts';
import { writtenSecret } from '../cloud/reading.ts';
import { type SecretWrite, SecretWriter } from '../cloud/secrets.ts';
import {
  type Handler,
  type RequestContext,
  bodyOf,
  environmentOf,
  grantOf,
  parameter,
  projectOf,
} from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import type { EnvironmentRecord } from '../records.ts';
import type { Transaction } from '../store/store.ts';
import { type Soon, soon } from '../soon.ts';
import { eventStream } from './event-stream.ts';

interface PutBody {
  readonly value: string;
  readonly comment?: string;
  readonly cas?: number;
}
interface PutByProjectBody {
  readonly key?: string;
  readonly value?: string;
  readonly comment?: string;
  readonly cas?: number;
  readonly secrets?: readonly SecretWrite[];
  readonly env?: string;
  readonly environment?: string;
}

/** Keys of a batch that its audit record lists; the rest is counted. */
const maxRecordedKeys = 1000;

export const secretHandlers = {
  'secrets.list': (context) => whole(context, context.query['include'] === 'values' || listsValues(context)),
  'bulk.by-token': (context) => whole(context, true),
  'bulk.by-org': (context) => whole(context, true),
  'bulk.by-project': (context) => whole(context, true),
  'secrets.get': (context) => {
    const { vault, query } = context;
    const key = parameter(context, 'key');
    const environment = environmentOf(context);
    const { version } = query;
    const body =
      typeof version === 'number'
        ? vault.secrets.version(environment, key, version)
        : vault.secrets.one(environment, key);
    return soon(body, (bytes) => ok(bytes, { resource: key }));
  },
  'project-secrets.get': (context) => {
    const key = parameter(context, 'key');
    return soon(context.vault.secrets.one(environmentOf(context), key), (bytes) => ok(bytes, { resource: key }));
  },
  'secrets.versions': async (context) => {
    const key = parameter(context, 'key');
    return ok({ versions: await context.vault.secrets.versions(environmentOf(context), key) }, { resource: key });
  },
  'secrets.put': (context) => {
    const key = parameter(context, 'key');
    return putOne(context, environmentOf(context), { ...bodyOf<PutBody>(context), key });
  },
  'bulk.put-by-org': putByProject,
  'bulk.put-by-project': putByProject,
  'secrets.delete': deleteOne,
  'project-secrets.delete': deleteOne,
  'secrets.rollback': (context) => {
    const key = parameter(context, 'key');
    const { version, cas } = bodyOf<{ version: number; cas?: number }>(context);
    return write(context, environmentOf(context), [key], async (writer) => {
      const written = await writer.rollback(key, version, cas);
      return ok(
        { secret: writtenSecret(written, written, mayRead(context)) },
        { resource: key, data: { version: written.version, of: version } },
      );
    });
  },
  'secrets.restore': (context) => {
    const key = parameter(context, 'key');
    const environment = environmentOf(context);
    return write(context, environment, [key], async (writer, transaction) => {
      const { header, stored } = await writer.restore(key);
      const content = await context.vault.secrets.opened(environment, key, stored, transaction);
      return ok(
        { secret: writtenSecret(header, content, mayRead(context)) },
        { resource: key, data: { version: header.version } },
      );
    });
  },
  'secrets.batch': batch,
  'secrets.events': eventStream,
} satisfies Record<string, Handler>;

/** One transaction on one environment, which writes these keys; its event streams are woken when it is committed. */
async function write(
  context: RequestContext,
  environment: EnvironmentRecord,
  keys: readonly string[],
  work: (writer: SecretWriter, transaction: Transaction) => Promise<Reply>,
): Promise<Reply> {
  const { vault, actor, nowMs } = context;
  const options = { actor, nowMs, retentionMs: vault.options.retentionMs };
  const reply = await context.commit(
    async (transaction) => {
      const writer = await SecretWriter.open(transaction, vault.seal.keyring, environment, options);
      const done = await work(writer, transaction);
      await writer.finish();
      return done;
    },
    SecretWriter.reads(environment, keys),
  );
  vault.events.wake(environment.id);
  return reply;
}

function putOne(context: RequestContext, environment: EnvironmentRecord, secret: SecretWrite): Promise<Reply> {
  return write(context, environment, [secret.key], async (writer) => {
    const header = await writer.put(secret);
    const content = { value: secret.value, comment: secret.comment ?? '' };
    const data = { version: header.version, value_hmac: fingerprint(context, secret.value) };
    return ok({ secret: writtenSecret(header, content, mayRead(context)) }, { resource: secret.key, data });
  });
}

async function putByProject(context: RequestContext): Promise<Reply> {
  const body = bodyOf<PutByProjectBody>(context);
  const environment = await environmentOfBody(context, body);
  const { key, value, comment, cas, secrets } = body;
  if (!secrets) {
    if (key === undefined || value === undefined)
      throw new ZvaultError('UNPROCESSABLE', 'the body needs "key" and "value", or "secrets"');
    return putOne(context, environment, { key, value, comment, cas });
  }
  const all = secrets.map((secret) => secret.key);
  return write(context, environment, all, async (writer) => {
    const written = [];
    for (const secret of secrets) {
      const header = await writer.put(secret);
      written.push(writtenSecret(header, { value: secret.value, comment: secret.comment ?? '' }, mayRead(context)));
    }
    return ok({ secrets: written }, { data: { put: shortList(all) } });
  });
}

/** A token of one environment may leave it out, and may name no other. */
async function environmentOfBody(context: RequestContext, body: PutByProjectBody): Promise<EnvironmentRecord> {
  const { vault } = context;
  const own = grantOf(context).environment;
  const text = body.environment ?? body.env;
  if (text === undefined) {
    if (own) return own;
    throw new ZvaultError('BAD_REQUEST', 'name the environment with "environment"');
  }
  const environment = await findEnvironment(vault.store, vault.records, projectOf(context).id, text);
  if (!environment) throw new ZvaultError('NOT_FOUND', 'there is no such environment');
  if (own && own.id !== environment.id) throw new ZvaultError('FORBIDDEN', 'the token is for another environment');
  return environment;
}

function deleteOne(context: RequestContext): Promise<Reply> {
  const key = parameter(context, 'key');
  const { cas, id } = context.query;
  const meant = { ...(typeof cas === 'number' ? { cas } : {}), ...(typeof id === 'string' ? { id } : {}) };
  return write(context, environmentOf(context), [key], async (writer) => {
    const { version } = await writer.delete(key, meant);
    return ok({ ok: true }, { resource: key, data: { version } });
  });
}

function batch(context: RequestContext): Promise<Reply> {
  const { operations } = bodyOf<BatchBody>(context);
  const keysOf = (op: 'put' | 'delete'): object =>
    shortList(operations.filter((operation) => operation.op === op).map(({ key }) => key));
  const all = operations.map(({ key }) => key);
  return write(context, environmentOf(context), all, async (writer) => {
    const results = [];
    for (const operation of operations) {
      const { op, key, cas } = operation;
      const header = op === 'put' ? await writer.put(operation) : await writer.delete(key, { cas });
      results.push({ op, key, version: header.version, id: header.id });
    }
    return ok({ results, revision: writer.revision }, { data: { put: keysOf('put'), delete: keysOf('delete') } });
  });
}

/** All keys of the environment. The ETag is its revision, with its id: one address can come to mean another environment. */
function whole(context: RequestContext, withValues: boolean): Soon<Reply> {
  const { vault, message } = context;
  const environment = environmentOf(context);
  return soon(vault.secrets.all(environment, withValues), ({ body, revision }): Reply => {
    const etag = `"${environment.id}.${revision}${withValues ? '' : 'k'}"`;
    const headers = { ETag: etag };
    const known = message.headers['if-none-match']?.split(',') ?? [];
    const unchanged = known.some((one) => one.trim().replace(/^W\//, '') === etag);
    return unchanged ? { status: 304, body: null, headers } : { status: 200, body, headers };
  });
}

/** Dialect D: clients that expect values in the plain list (docs/compatibility.md). */
function listsValues(context: RequestContext): boolean {
  const { listValues } = context.vault.options;
  return listValues === 'all' || (listValues === 'service-tokens' && grantOf(context).principal.kind === 'service');
}

function mayRead(context: RequestContext): boolean {
  return grantOf(context).permissions.includes('read' satisfies Permission);
}

/** Tells equal values from different ones in the audit, and nothing else. */
function fingerprint(context: RequestContext, value: string): string {
  return context.vault.seal.keyring.auditMac.hex(value);
}

function shortList(keys: readonly string[]): { count: number; keys: readonly string[] } {
  return { count: keys.length, keys: keys.slice(0, maxRecordedKeys) };
}
