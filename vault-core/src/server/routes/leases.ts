import { ZvaultError } from '../../domain/errors.ts';
import { decide } from '../../domain/policy/decide.ts';
import { type Handler, type RequestContext, bodyOf, callerOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';

interface LeaseBody {
  readonly lease_id: string;
}

const defaultSeconds = 3600;

export const leaseHandlers = {
  'leases.list': async ({ vault, query, nowMs }) => {
    const { limit, after } = query;
    const page = {
      limit: typeof limit === 'number' ? limit : 1000,
      after: typeof after === 'string' ? after : undefined,
    };
    return ok(await vault.engines.leases.list(vault.store, page, nowMs));
  },
  'leases.create': create,
  'leases.lookup': async (context) => {
    const { vault, nowMs } = context;
    const { lease_id: id } = bodyOf<LeaseBody>(context);
    return ok(await vault.engines.leases.lookup(vault.store, id, nowMs), { resource: id });
  },
  'leases.renew': (context) => {
    const { vault, nowMs } = context;
    const { lease_id: id, increment = defaultSeconds } = bodyOf<LeaseBody & { increment?: number }>(context);
    return context.commit(async (transaction) => {
      const lease = await vault.engines.leases.renew(transaction, id, increment, nowMs);
      return ok(lease, { resource: id, data: { ttl_secs: lease.ttl_secs } });
    });
  },
  'leases.revoke': async (context) => {
    const { vault, nowMs } = context;
    const { lease_id: id } = bodyOf<LeaseBody>(context);
    const reply = await context.commit(async (transaction) => {
      await vault.engines.leases.end(transaction, id, nowMs);
      return { status: 204, body: null, resource: id };
    });
    vault.engines.leaseWorker.soon();
    return reply;
  },
} satisfies Record<string, Handler>;

function create(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  const { engine_path: path, ...body } = bodyOf<{ engine_path: string; ttl_secs?: number; renewable?: boolean }>(
    context,
  );
  requireCreate(context, path);
  const asked = {
    engine_path: path,
    ttl_secs: body.ttl_secs ?? defaultSeconds,
    renewable: body.renewable ?? true,
    token_hash: callerOf(context).token.hash,
  };
  return context.commit(async (transaction) => {
    const lease = await vault.engines.leases.create(transaction, asked, nowMs);
    return ok(lease, { resource: lease.lease_id, data: { engine_path: path, ttl_secs: asked.ttl_secs } });
  });
}

/** Either grant is enough, on the path of the lease or on that of the route; a deny on either refuses. */
function requireCreate(context: RequestContext, path: string): void {
  const { policies } = callerOf(context);
  const decisions = [path, 'sys/leases/create'].map((one) => decide(policies, one, 'create'));
  const denied = decisions.some(({ rule }) => rule?.capabilities.includes('deny'));
  if (denied || !decisions.some(({ allowed }) => allowed)) {
    throw new ZvaultError('FORBIDDEN', 'the token\'s policies don\'t grant "create" on the path of the lease', {
      hint: 'ask for a policy that grants it; "zvault policy test" says which rule decides',
    });
  }
}
