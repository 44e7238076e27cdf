import type { Mount } from '../../wire/engine-shapes.ts';
import { type Handler, bodyOf, parameter } from '../http/context.ts';
import { ok } from '../http/reply.ts';

interface MountBody {
  readonly engine_type: string;
  readonly description?: string;
  readonly config?: Readonly<Record<string, unknown>> | null;
}

export const mountHandlers = {
  'mounts.list': async ({ vault }) => {
    const found = await vault.engines.mounts.list(vault.store);
    const mounts = found.map(({ name, engine_type, description }): Mount => ({
      path: `${name}/`,
      engine_type,
      description,
    }));
    return ok({ mounts });
  },
  'mounts.create': (context) => {
    const { vault, nowMs } = context;
    const name = parameter(context, 'name');
    const { engine_type, description, config } = bodyOf<MountBody>(context);
    const asked = { engine_type, ...(description === undefined ? {} : { description }), ...(config ? { config } : {}) };
    return context.commit(async (transaction) => {
      await vault.engines.mounts.mount(transaction, name, asked, nowMs);
      return { status: 204, body: null, resource: name };
    });
  },
  'mounts.delete': (context) => {
    const { vault, nowMs } = context;
    const name = parameter(context, 'name');
    return context.commit(async (transaction) => {
      await vault.engines.mounts.unmount(transaction, name, nowMs);
      const leases = await vault.engines.leases.endUnder(transaction, `${name}/`, nowMs);
      return { status: 204, body: null, resource: name, data: { leases } };
    });
  },
} satisfies Record<string, Handler>;
