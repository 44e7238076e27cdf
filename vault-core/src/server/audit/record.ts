// One audit record: what a request did, as one line of JSON of the contract's shape (3.5), with our additions beside it.

import type { Actor } from '../../domain/actor.ts';

/** What the pipeline knows of a request when its answer is ready. Values never come here; HMACs of them may. */
export interface AuditEvent {
  /** A UUID; made when left out. */
  readonly id?: string;
  /** `read`, `list`, `create`, `update`, `delete`, or a word for what has no request (`start`, `seal`). */
  readonly operation: string;
  /** The route's id, or `unrouted`. */
  readonly action: string;
  readonly path: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly remoteAddress: string | null;
  readonly userAgent: string | null;
  readonly status: number;
  /** The error's code on the wire. */
  readonly error: string | null;
  readonly actor: Actor;
  readonly policies?: readonly string[] | undefined;
  readonly orgId: string | null;
  readonly projectId: string | null;
  readonly environment: string | null;
  /** What was acted on: a key, a slug, an id. */
  readonly resource: string;
}

/** A line of the log, parsed. */
export interface AuditLine {
  readonly id: string;
  readonly timestamp: string;
  readonly request: {
    readonly operation: string;
    readonly path: string;
    readonly data: Readonly<Record<string, unknown>> | null;
    readonly remote_addr: string | null;
  };
  readonly response: { readonly status_code: number; readonly error: string | null };
  readonly auth: {
    readonly token_id: string | null;
    readonly policies: readonly string[];
    readonly metadata: Record<string, string>;
  };
  readonly actor: Actor;
  readonly action: string;
  readonly scope: {
    readonly org_id: string | null;
    readonly project_id: string | null;
    readonly environment: string | null;
    readonly resource: string;
  };
  readonly user_agent: string | null;
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
  /** Of a checkpoint. */
  readonly signature?: string;
}

/** Longest path and user agent kept; what is longer ends in three dots. */
const maxTextLength = 2048;

/** The members of the event's line, in the order of `AuditLine`, from `request` to `user_agent`: what stands before and behind is the chain's. */
export function auditLineText(event: AuditEvent): string {
  const members: Omit<AuditLine, 'id' | 'timestamp' | 'chain' | 'seq' | 'mac'> = {
    request: {
      operation: event.operation,
      path: shorten(event.path),
      data: event.data,
      remote_addr: event.remoteAddress,
    },
    response: { status_code: event.status, error: event.error },
    auth: { token_id: event.actor.token_id, policies: event.policies ?? [], metadata: {} },
    actor: event.actor,
    action: event.action,
    scope: {
      org_id: event.orgId,
      project_id: event.projectId,
      environment: event.environment,
      resource: event.resource,
    },
    user_agent: event.userAgent === null ? null : shorten(event.userAgent),
  };
  return JSON.stringify(members).slice(1, -1);
}

function shorten(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}...`;
}
