import { ZvaultError } from '../../domain/errors.ts';
import type { SealStatus } from '../../wire/shapes.ts';
import { type Handler, type RequestContext, bodyOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';
import type { Metrics } from '../metrics.ts';
import type { Vault } from '../vault.ts';

interface UnsealBody {
  readonly share?: string;
  readonly shares?: string[];
  readonly reset?: boolean;
}

interface InitBody {
  readonly shares: number;
  readonly threshold: number;
  readonly key_file?: boolean;
  readonly passphrase?: string;
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
      const { entries } = await vault.audit.query({ limit: Math.min(asked, 1000) });
      return ok({ entries: entries.map(({ line }) => line), count: entries.length });
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
    },
    () => context.recordNow({ status: 200, body: null, data: { shares: body.shares, threshold: body.threshold } }),
  );
  return ok(reply);
}

async function unseal(context: RequestContext): Promise<Reply> {
  const { vault } = context;
  const body = bodyOf<UnsealBody>(context);
  if (body.reset === true) {
    if (!vault.seal.sealed) throw new ZvaultError('CONFLICT', 'the vault is unsealed already');
    await vault.seal.resetShares();
  } else if (body.shares) {
    await vault.seal.giveShares(body.shares);
  } else if (body.share !== undefined) {
    await vault.seal.giveShare(body.share);
  } else {
    throw new ZvaultError('BAD_REQUEST', 'give "share", "shares", or "reset": true');
  }
  if (!vault.seal.sealed) {
    vault.unsealed();
    return ok({ sealed: false, threshold: 0, progress: 0 });
  }
  const { threshold, progress } = await vault.seal.status();
  return ok({ sealed: true, threshold, progress });
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
