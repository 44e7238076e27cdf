// What a handler gets: an authorised request, and the one way to write.

import type { IncomingMessage } from 'node:http';
import type { Actor } from '../../domain/actor.ts';
import { ZvaultError } from '../../domain/errors.ts';
import type { ServedRoute } from '../../wire/route.ts';
import type { Grant } from '../access.ts';
import type { OrgRecord, ProjectRecord, EnvironmentRecord } from '../records.ts';
import type { Soon } from '../soon.ts';
import type { Transaction } from '../store/store.ts';
import type { Caller } from '../vault-access.ts';
import type { Vault } from '../vault.ts';
import type { Query } from './query.ts';
import type { Reply } from './reply.ts';

/** A reply whose body is written over time. `run` ends when the stream does; when it throws, the connection is cut. */
export interface StreamReply extends Reply {
  readonly run: (write: (part: string | Buffer) => Promise<void>, signal: AbortSignal) => Promise<void>;
  /** Asked twice a second, while a slow reader holds `run` up too; the stream ends when it says no. */
  readonly mayGoOn: () => Promise<boolean>;
}

export interface RequestContext {
  readonly vault: Vault;
  readonly route: ServedRoute;
  readonly message: IncomingMessage;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Query;
  /** Valid by the route's schema. */
  readonly body: unknown;
  readonly actor: Actor;
  /** Absent on routes without a cloud identity. */
  readonly grant: Grant | undefined;
  /** Absent on routes without a vault identity. */
  readonly caller: Caller | undefined;
  /** Milliseconds since the epoch, the same for the whole request. */
  readonly nowMs: number;
  /** Runs `work` in the next transaction; the audit record of its reply is written before it commits. `reads`: see Committer. */
  commit(work: (transaction: Transaction) => Promise<Reply>, reads?: readonly string[]): Promise<Reply>;
  /** Writes the audit record of `reply` now: for what commits by itself. */
  recordNow(reply: Reply): void;
  /** Asks the token again: for what goes on after the answer has begun. @throws UNAUTHORIZED, FORBIDDEN, SEALED */
  reauthorize(): Soon<void>;
  /** Refuses new requests until `work` is done, and runs it when all others have been answered. */
  alone(work: () => Promise<void>): Promise<void>;
}

export type Handler = (context: RequestContext) => Soon<Reply | StreamReply>;

/** The body, as the type of its schema. */
export function bodyOf<T>(context: RequestContext): T {
  return context.body as T;
}

/** A parameter of the path. */
export function parameter(context: RequestContext, name: string): string {
  return context.parameters[name] ?? '';
}

export function grantOf(context: RequestContext): Grant {
  if (!context.grant) throw new ZvaultError('INTERNAL', `the route ${context.route.id} has no grant`);
  return context.grant;
}

export function callerOf(context: RequestContext): Caller {
  if (!context.caller) throw new ZvaultError('INTERNAL', `the route ${context.route.id} has no caller`);
  return context.caller;
}

/** For routes that take no token, and so get here while the vault is sealed too. @throws SEALED */
export function requireUnsealed({ vault }: RequestContext): void {
  void vault.seal.keyring;
}

export function orgOf(context: RequestContext): OrgRecord {
  return found(grantOf(context).org, 'organisation');
}

export function projectOf(context: RequestContext): ProjectRecord {
  return found(grantOf(context).project, 'project');
}

export function environmentOf(context: RequestContext): EnvironmentRecord {
  return found(grantOf(context).environment, 'environment');
}

/** The person or root behind the request. @throws FORBIDDEN for service tokens */
export function personOf(context: RequestContext): Exclude<Grant['principal'], { kind: 'service' }> {
  const { principal } = grantOf(context);
  if (principal.kind === 'service') throw new ZvaultError('FORBIDDEN', 'a service token can’t do this');
  return principal;
}

function found<T>(record: T | undefined, what: string): T {
  if (record === undefined) throw new ZvaultError('NOT_FOUND', `there is no such ${what}`);
  return record;
}
