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
  readonly policies?: readonly string[];
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
}

/** Longest path and user agent kept; what is longer ends in three dots. */
const maxTextLength = 2048;

/**
 * The line's JSON without its MAC, in the order of `AuditLine`. Put together from pieces: with ten thousand records a second,
 * turning the same actor into text each time is what would be noticed.
 */
export function auditLineBody(event: AuditEvent, place: LinePlace): string {
  const { actor } = event;
  // Ids, addresses, routes and codes are ours or the system's, and need no escaping; what comes from outside does.
  return (
    `{"id":"${place.id}","timestamp":"${place.timestamp}",` +
    `"request":{"operation":"${event.operation}","path":${text(shorten(event.path))},"data":${event.data === null ? 'null' : JSON.stringify(event.data)},` +
    `"remote_addr":${plainOrNull(event.remoteAddress)}},` +
    `"response":{"status_code":${event.status},"error":${plainOrNull(event.error)}},` +
    `"auth":{"token_id":${text(actor.token_id)},"policies":${event.policies ? JSON.stringify(event.policies) : '[]'},"metadata":{}},` +
    `"actor":${actorText(actor)},"action":"${event.action}",` +
    `"scope":{"org_id":${plainOrNull(event.orgId)},"project_id":${plainOrNull(event.projectId)},"environment":${text(event.environment)},"resource":${text(event.resource)}},` +
    `"user_agent":${event.userAgent === null ? 'null' : text(shorten(event.userAgent))},` +
    `"chain":"${place.chain}","seq":${place.seq}}`
  );
}

/** Where the line stands. */
interface LinePlace {
  /** Of the record. */
  readonly id: string;
  readonly chain: string;
  readonly seq: number;
  /** RFC 3339. */
  readonly timestamp: string;
}

function plainOrNull(value: string | null): string {
  return value === null ? 'null' : `"${value}"`;
}

/** Texts of actors: the actor of a remembered grant is one object for all its requests. */
const actorTexts = new WeakMap<Actor, string>();

function actorText(actor: Actor): string {
  let known = actorTexts.get(actor);
  if (known === undefined) actorTexts.set(actor, (known = JSON.stringify(actor)));
  return known;
}

/** Printable ASCII without quote and backslash needs no escaping. */
const plain = /^[ !#-[\]-~]*$/;

function text(value: string | null): string {
  if (value === null) return 'null';
  return plain.test(value) ? `"${value}"` : JSON.stringify(value);
}

function shorten(value: string): string {
  return value.length <= maxTextLength ? value : `${value.slice(0, maxTextLength)}...`;
}
