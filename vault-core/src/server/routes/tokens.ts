import type { AuditEntry } from '../../wire/shapes.ts';
import type { AuditLine } from '../audit/record.ts';
import {
  type NewToken,
  createServiceToken,
  listServiceTokens,
  revokeServiceToken,
  serviceTokenReply,
} from '../cloud/tokens.ts';
import { type Handler, type RequestContext, bodyOf, parameter, projectOf } from '../http/context.ts';
import { type Reply, ok } from '../http/reply.ts';

export const tokenHandlers = {
  'tokens.create': create,
  'project-tokens.create': create,
  'tokens.list': async (context) => {
    const { vault } = context;
    const tokens = await listServiceTokens(vault.store, vault.records, projectOf(context).id);
    return ok({
      tokens: await Promise.all(tokens.map((token) => serviceTokenReply(vault.store, vault.records, token))),
    });
  },
  'tokens.revoke': revoke,
  'tokens.delete': revoke,
  'audit.list': async (context) => ok((await auditPage(context)).entries),
  'project-audit.list': async (context) => ok(await auditPage(context)),
} satisfies Record<string, Handler>;

/** In form B, asked for by `environment` or `ttl`, `token` is the text itself (contract 2.2, point 7). */
function create(context: RequestContext): Promise<Reply> {
  const { vault, actor, nowMs } = context;
  const body = bodyOf<NewToken>(context);
  return context.commit(async (transaction) => {
    const options = { actor, nowMs, random: vault.host.randomBytes };
    const { record, plaintext } = await createServiceToken(
      transaction,
      vault.records,
      projectOf(context),
      body,
      options,
    );
    const token = await serviceTokenReply(transaction, vault.records, record);
    const formB = typeof body.environment === 'string' || typeof body.ttl === 'string';
    const reply = formB
      ? { token: plaintext ?? token, plaintext_token: plaintext, service_token: token }
      : { token, plaintext_token: plaintext };
    return ok(reply, {
      resource: record.id,
      data: { token_prefix: record.token_prefix, permissions: record.permissions },
    });
  });
}

function revoke(context: RequestContext): Promise<Reply> {
  const { vault, nowMs } = context;
  return context.commit(async (transaction) => {
    const token = await revokeServiceToken(
      transaction,
      vault.records,
      projectOf(context).id,
      parameter(context, 'id'),
      nowMs,
    );
    return ok({ ok: true }, { resource: token.id });
  });
}

async function auditPage(context: RequestContext): Promise<{ entries: AuditEntry[]; total: number }> {
  const { limit, offset, after } = context.query;
  const page = await context.vault.audit.query({
    projectId: projectOf(context).id,
    limit: typeof limit === 'number' ? limit : 50,
    offset: typeof offset === 'number' ? offset : 0,
    ...(typeof after === 'string' ? { after } : {}),
  });
  return { entries: page.entries.map(({ line, cursor }) => auditEntry(line, cursor)), total: page.total };
}

/** The cloud's shape of an audit record (contract 2.1). */
function auditEntry(line: AuditLine, cursor: string): AuditEntry {
  const { error, status_code: status } = line.response;
  return {
    id: line.id,
    org_id: line.scope.org_id,
    project_id: line.scope.project_id,
    env_slug: line.scope.environment,
    actor_id: line.actor.id,
    actor_type: line.actor.type,
    action: line.action,
    resource: line.scope.resource,
    detail: error === null ? String(status) : `${status} ${error}`,
    ip_address: line.request.remote_addr,
    user_agent: line.user_agent,
    created_at: line.timestamp,
    cursor,
  };
}
