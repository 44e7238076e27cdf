import { ZvaultError } from '../../domain/errors.ts';
import type { AuditVerifyBody, SealStatus } from '../../wire/shapes.ts';
import { type Handler, type RequestContext, bodyOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import { proveStaged } from '../backup/activate.ts';
import { type StagedBackup, readStaged } from '../backup/staging.ts';
import type { CipherKey } from '../crypto/cipher.ts';
import type { Metrics } from '../metrics.ts';
import { shamirSlots } from '../seal/config.ts';
import { parseSingleSecret } from '../seal/way-in.ts';
import type { Vault } from '../vault.ts';

interface UnsealBody {
  readonly share?: string;
  readonly shares?: string[];
  readonly key?: string;
  readonly passphrase?: string;
  readonly recovery_code?: string;
  readonly reset?: boolean;
}

interface InitBody {
  readonly shares: number;
  readonly threshold: number;
  readonly key_file?: boolean;
  readonly passphrase?: string;
  readonly recovery_code?: boolean;
}

export const systemHandlers = (metrics: Metrics) =>
  ({
    'health.get': async ({ vault }) => {
      await vault.store.ping();
      return ok({ status: 'ok' });
    },
    'openapi.get': async () => {
      const { openApiText } = await import('../../wire/openapi-text.ts');
      return { status: 200, body: openApiText() };
    },
    'metrics.get': ({ vault }) => metricsReply(vault, metrics),
    'sys.metrics': ({ vault }) => metricsReply(vault, metrics),
    'sys.health': async ({ vault }) => {
      const status = await vault.seal.status();
      return { status: healthStatus(status), body: status };
    },
    'sys.seal-status': async ({ vault }) => ok(await vault.seal.status()),
    'sys.init': init,
    'sys.unseal': unseal,
    'sys.seal': seal,
    'sys.audit-log': async ({ vault, query }) => {
      const asked = typeof query['limit'] === 'number' ? query['limit'] : 100;
      const { after } = query;
      const limit = Math.min(asked, 1000);
      const { entries } = await vault.audit.query({ limit, ...(typeof after === 'string' ? { after } : {}) });
      const next = entries.length < limit ? null : (entries.at(-1)?.cursor ?? null);
      return ok({ entries: entries.map(({ line }) => line), count: entries.length, next });
    },
    'sys.audit-key': ({ vault }) => {
      const key = vault.signingKey.publicKey;
      if (!key) throw new ZvaultError('SEALED', 'the vault is sealed');
      // Who takes the key along finds everything up to now proven, and not only what lies before the last minute's checkpoint.
      vault.audit.noteSigned('checkpoint');
      return ok({ key_id: key.keyId, public_key: key.pem });
    },
    'sys.audit-verify': async (context) => {
      const { heads = false, lines } = bodyOf<AuditVerifyBody>(context);
      const reply = await context.vault.audit.verify({ heads, lines });
      return ok(reply, { data: { lines: lines.length, wrong: reply.wrong.length } });
    },
    'sys.license': async () =>
      ok({ tier: 'community', licensed: false, license_id: null, email: null, expires_at: null }),
  }) satisfies Record<string, Handler>;

/** Contract 1.2: 200 unsealed, 503 sealed, 501 not initialized. */
function healthStatus({ initialized, sealed }: SealStatus): number {
  if (!initialized) return 501;
  return sealed ? 503 : 200;
}

async function init(context: RequestContext): Promise<Reply> {
  const body = bodyOf<InitBody>(context);
  const reply = await context.vault.init(
    {
      shares: body.shares,
      threshold: body.threshold,
      ...(body.key_file === undefined ? {} : { keyFile: body.key_file }),
      ...(body.passphrase === undefined ? {} : { passphrase: body.passphrase }),
      ...(body.recovery_code === undefined ? {} : { recoveryCode: body.recovery_code }),
    },
    () => context.recordNow({ status: 200, body: null, data: { shares: body.shares, threshold: body.threshold } }),
  );
  return ok(reply);
}

async function unseal(context: RequestContext): Promise<Reply> {
  const { vault } = context;
  const staged = await readStaged(vault.store);
  const wasSealed = vault.seal.sealed;
  const root = await give(vault, bodyOf<UnsealBody>(context), staged);
  if (root && staged) {
    await restoreStaged(context, staged, root);
    return ok(unsealed);
  }
  if (wasSealed && !vault.seal.sealed) {
    await vault.unsealed();
    return ok(unsealed);
  }
  // Shares of an open vault were forgotten: there are none.
  if (!wasSealed && !staged) return ok(unsealed);
  // What is being unsealed is the staged backup, however open the present vault is.
  const slot = staged && shamirSlots(staged.seal).at(-1);
  const threshold = slot?.threshold ?? (await vault.seal.status()).threshold;
  return ok({ sealed: true, threshold, progress: await vault.seal.progress() });
}

const unsealed = { sealed: false, threshold: 0, progress: 0 } as const;

/** Answers the root key of the staged backup when that is what was opened. */
async function give(vault: Vault, body: UnsealBody, staged: StagedBackup | undefined): Promise<CipherKey | undefined> {
  if (body.reset === true) {
    await vault.seal.resetShares();
    return undefined;
  }
  if (body.shares) return vault.seal.giveShares(body.shares, staged?.seal);
  if (body.share !== undefined) return vault.seal.giveShare(body.share, staged?.seal);
  const way = parseSingleSecret(body);
  if (way) return vault.seal.giveSecret(way, staged?.seal);
  throw new ZvaultError(
    'UNPROCESSABLE',
    'give "share", "shares", "key", "passphrase", "recovery_code", or "reset": true',
  );
}

async function restoreStaged(context: RequestContext, staged: StagedBackup, root: CipherKey): Promise<void> {
  const { vault } = context;
  const data = { restored: staged.id, entries: staged.entries, created_at: staged.created_at };
  try {
    await proveStaged(vault.store, staged, root);
  } catch (error) {
    root.bytes.fill(0);
    throw error;
  }
  await context.alone(() =>
    vault.replaceWith(staged, root, () => context.recordNow({ status: 200, body: null, resource: staged.id, data })),
  );
}

async function seal(context: RequestContext): Promise<Reply> {
  const reply: Reply = { status: 204, body: null };
  await context.alone(async () => {
    context.recordNow(reply);
    await context.vault.lock();
    await context.vault.parent?.sealed();
  });
  return reply;
}

/** Of all workers, where there are several. */
async function metricsReply(vault: Vault, metrics: Metrics): Promise<Reply> {
  const body = await (vault.parent?.metrics() ?? metricsPage(vault, metrics));
  return { status: 200, body, mediaType: 'text/plain; version=0.0.4; charset=utf-8' };
}

/** Of this process. */
export async function metricsPage({ gauges }: Vault, metrics: Metrics): Promise<string> {
  return metrics.text(await gauges.lines());
}
