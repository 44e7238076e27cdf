// One request on its way: what is known of it so far, and what its handler sees of that.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Actor } from '../../domain/actor.ts';
import type { ServedRoute } from '../../wire/route.ts';
import type { Grant, PresentedToken } from '../access.ts';
import type { AuditEvent } from '../audit/record.ts';
import type { Outcome } from '../commit.ts';
import type { Caller } from '../vault-access.ts';
import type { Soon } from '../soon.ts';
import type { Transaction } from '../store/store.ts';
import type { RequestContext } from './context.ts';
import { type Reply, errorReply } from './reply.ts';

/** What is known of a request so far; the audit takes what there is. */
export interface Progress {
  readonly message: IncomingMessage;
  path: string;
  readonly remoteAddress: string | null;
  readonly nowMs: number;
  readonly response: ServerResponse;
  /** Of `performance.now()`. */
  readonly startedMs: number;
  /** Ends the request for those who wait for all requests to end. */
  readonly leave: () => void;
  route: ServedRoute | undefined;
  token: PresentedToken | undefined;
  actor: Actor;
  grant: Grant | undefined;
  caller: Caller | undefined;
  recorded: boolean;
}

/** What a context asks of the pipeline. */
export interface Hooks {
  readonly event: (progress: Progress, reply: Reply) => AuditEvent;
  readonly authorize: (
    progress: Progress,
    route: ServedRoute,
    parameters: Readonly<Record<string, string>>,
    search: string,
  ) => Soon<void>;
  readonly alone: (work: () => Promise<void>) => Promise<void>;
}

type Facts = Pick<
  RequestContext,
  'vault' | 'route' | 'message' | 'parameters' | 'query' | 'body' | 'actor' | 'grant' | 'caller' | 'nowMs'
>;

/** A class, so that a request makes one object, not a closure for each thing that it might do. */
export class Context implements RequestContext {
  readonly vault: Facts['vault'];
  readonly route: Facts['route'];
  readonly message: Facts['message'];
  readonly parameters: Facts['parameters'];
  readonly query: Facts['query'];
  readonly body: unknown;
  readonly actor: Actor;
  readonly grant: Grant | undefined;
  readonly caller: Caller | undefined;
  readonly nowMs: number;
  readonly #progress: Progress;
  readonly #hooks: Hooks;

  constructor(facts: Facts, progress: Progress, hooks: Hooks) {
    this.vault = facts.vault;
    this.route = facts.route;
    this.message = facts.message;
    this.parameters = facts.parameters;
    this.query = facts.query;
    this.body = facts.body;
    this.actor = facts.actor;
    this.grant = facts.grant;
    this.caller = facts.caller;
    this.nowMs = facts.nowMs;
    this.#progress = progress;
    this.#hooks = hooks;
  }

  async commit(work: (transaction: Transaction) => Promise<Reply>, reads?: readonly string[]): Promise<Reply> {
    const describe = (outcome: Outcome<Reply>): AuditEvent =>
      this.#hooks.event(this.#progress, outcome.ok ? outcome.value : errorReply(outcome.error, () => undefined));
    const reply = await this.vault.committer.submit(work, describe, reads);
    this.#progress.recorded = true;
    return reply;
  }

  recordNow(reply: Reply): void {
    this.vault.audit.appendNow([this.#hooks.event(this.#progress, reply)]);
    this.#progress.recorded = true;
  }

  reauthorize(): Soon<void> {
    const search = (this.message.url ?? '').split('?')[1] ?? '';
    return this.#hooks.authorize(this.#progress, this.route, this.parameters, search);
  }

  alone(work: () => Promise<void>): Promise<void> {
    return this.#hooks.alone(work);
  }
}
