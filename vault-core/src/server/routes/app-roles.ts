import { checkAppRole, type AppRoleCredentials, loginWithAppRole } from '../auth/app-role-login.ts';
import {
  type AppRoleRecord,
  type NewAppRole,
  createSecretId,
  deleteAppRole,
  listAppRoles,
  readAppRole,
  writeAppRole,
} from '../auth/app-roles.ts';
import { type Handler, type RequestContext, bodyOf, callerOf, parameter, requireUnsealed } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';

export const appRoleHandlers = {
  'app-roles.list': async ({ vault }) => ok({ keys: await listAppRoles(vault.store) }),
  'app-roles.read': async (context) => ok(appRoleReply(await named(context)), { resource: nameOf(context) }),
  'app-roles.role-id': async (context) =>
    ok({ role_id: (await named(context)).role_id }, { resource: nameOf(context) }),
  'app-roles.write': (context) => {
    const { vault, nowMs } = context;
    const name = nameOf(context);
    return context.commit(async (transaction) => {
      const body = bodyOf<NewAppRole>(context);
      const role = await writeAppRole(transaction, vault.records, callerOf(context), name, body, nowMs);
      return ok({ role_id: role.role_id, status: 'ok' }, { resource: name, data: { policies: role.policies } });
    });
  },
  'app-roles.delete': (context) => {
    const name = nameOf(context);
    return context.commit(async (transaction) => {
      await deleteAppRole(transaction, context.vault.records, name, context.nowMs);
      return ok({ status: 'deleted' }, { resource: name });
    });
  },
  'app-roles.secret-id': (context) => {
    const name = nameOf(context);
    return context.commit(async (transaction) => {
      const { vault, nowMs } = context;
      const secretId = await createSecretId(transaction, vault.records, callerOf(context), name, nowMs);
      return ok({ secret_id: secretId }, { resource: name });
    });
  },
  'app-roles.login': login,
} satisfies Record<string, Handler>;

async function login(context: RequestContext): Promise<Reply> {
  requireUnsealed(context);
  const { vault, nowMs } = context;
  const credentials = bodyOf<AppRoleCredentials>(context);
  await checkAppRole(vault.store, vault.records, credentials, nowMs);
  return context.commit(async (transaction) => {
    const making = { nowMs, random: vault.host.randomBytes };
    const { record, plaintext, role } = await loginWithAppRole(transaction, vault.records, credentials, making);
    const reply = {
      client_token: plaintext,
      token_hash: record.hash,
      policies: record.policies,
      ttl: role.token_ttl,
      renewable: record.renewable,
    };
    return ok(reply, { resource: role.name, data: { token_id: record.id, policies: record.policies } });
  });
}

function nameOf(context: RequestContext): string {
  return parameter(context, 'name');
}

function named(context: RequestContext): Promise<AppRoleRecord> {
  return readAppRole(context.vault.store, context.vault.records, nameOf(context));
}

function appRoleReply(role: AppRoleRecord): object {
  return {
    name: role.name,
    role_id: role.role_id,
    policies: role.policies,
    token_ttl_secs: role.token_ttl,
    token_max_ttl_secs: role.token_max_ttl,
    bind_secret_id: role.bind_secret_id,
    secret_id_num_uses: role.secret_id_num_uses,
    secret_id_ttl_secs: role.secret_id_ttl,
  };
}
