import { deletePolicy, type NewRules, listPolicies, readPolicy, writePolicy } from '../auth/policies.ts';
import type { PolicyReply } from '../../wire/auth-shapes.ts';
import { type Handler, bodyOf, parameter } from '../http/context.ts';
import { ok } from '../http/reply.ts';

export const policyHandlers = {
  'policies.list': async ({ vault }) => ok({ policies: await listPolicies(vault.store) }),
  'policies.read': async (context) => {
    const { vault } = context;
    const { name, rules } = await readPolicy(vault.store, vault.records, parameter(context, 'name'));
    const reply: PolicyReply = {
      name,
      rules: rules.map(({ path, capabilities }) => ({ path, capabilities: [...capabilities] })),
    };
    return ok(reply, { resource: name });
  },
  'policies.write': (context) => {
    const { rules } = bodyOf<{ readonly rules: NewRules }>(context);
    return context.commit(async (transaction) => {
      const policy = await writePolicy(transaction, context.vault.records, parameter(context, 'name'), rules);
      return { status: 204, body: null, resource: policy.name, data: { rules: policy.rules.length } };
    });
  },
  'policies.delete': (context) => {
    const name = parameter(context, 'name');
    return context.commit(async (transaction) => {
      await deletePolicy(transaction, name);
      return { status: 204, body: null, resource: name };
    });
  },
} satisfies Record<string, Handler>;
