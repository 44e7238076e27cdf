// The way of every request: route, origin, rate, token and target, body, handler, audit, answer. No handler runs before its
// caller is authorised, and no answer leaves before its record is written.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, anonymousActor } from '../../domain/actor.ts';
import { ZvaultError, messageOf } from '../../domain/errors.ts';
import type { ServedRoute } from '../../wire/route.ts';
import type { AuditEvent } from '../audit/record.ts';
import { isRecorded } from '../commit.ts';
import { failurePage } from '../login/pages.ts';
import type { Metrics } from '../metrics.ts';
import { type Soon, soon } from '../soon.ts';
import type { Vault } from '../vault.ts';
import { isBinary, readBody } from './body.ts';
import { type Connection, connectionOf } from './connection.ts';
import type { Handler, RequestContext, StreamReply } from './context.ts';
import { Failures } from './failures.ts';
import { InFlight } from './in-flight.ts';
import { OriginPolicy } from './origin.ts';
import { presentedToken, targetOf } from './presented.ts';
import { Context, type Hooks, type Progress } from './progress.ts';
import { type Query, readQuery } from './query.ts';
import { RateLimit } from './rate-limit.ts';
import { Refusals } from './refusals.ts';
import { type Reply, errorReply, refusal } from './reply.ts';
import type { Match, Router } from './router.ts';
import { send, sendStream } from './send.ts';
import { SharedRate } from '../workers/shared-rate.ts';

export interface PipelineOptions {
  readonly vault: Vault;
  readonly router: Router;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly metrics: Metrics;
}

type AnyReply = Reply | StreamReply;

export class Pipeline {
  readonly inFlight = new InFlight();
  readonly #options: PipelineOptions;
  readonly #origin: OriginPolicy;
  readonly #rate: { take(name: string): Soon<number> };
  readonly #refusals: Refusals;
  readonly #failures: Failures;
  readonly #hooks: Hooks = {
    event: (progress, reply) => this.#event(progress, reply),
    authorize: (progress, route, parameters, search) => this.#authorize(progress, route, parameters, search),
    alone: (work) => this.inFlight.alone(work),
  };

  constructor(options: PipelineOptions) {
    const { vault } = options;
    this.#options = options;
    this.#origin = new OriginPolicy(vault.options);
    const { parent } = vault;
    const now = (): number => vault.host.now();
    const limit = vault.options.rateLimit;
    this.#rate = parent ? new SharedRate(limit, now, (wish) => parent.takeRate(wish)) : new RateLimit(limit, now);
    this.#refusals = new Refusals(vault.audit, vault.options.warn);
    this.#failures = new Failures(vault.options.warn);
  }

  /** Answers the request, now or later. Never throws. */
  handle(message: IncomingMessage, response: ServerResponse): void {
    const startedMs = performance.now();
    const url = message.url ?? '/';
    const connection = connectionOf(message.socket);
    const mark = url.indexOf('?');
    const progress: Progress = {
      message,
      response,
      startedMs,
      path: mark === -1 ? url : url.slice(0, mark),
      remoteAddress: connection.remoteAddress,
      nowMs: this.#options.vault.host.now(),
      leave: this.inFlight.enter(response, connection),
      route: undefined,
      token: undefined,
      actor: anonymousActor,
      grant: undefined,
      caller: undefined,
      recorded: false,
    };
    try {
      const answer = this.#answer(progress, connection, mark === -1 ? '' : url.slice(mark + 1));
      if (answer instanceof Promise) {
        answer.then(
          (reply) => this.#record(progress, reply),
          (error: unknown) => this.#fail(progress, error),
        );
      } else this.#record(progress, answer);
    } catch (error) {
      this.#fail(progress, error);
    }
  }

  /** Writes what is still only counted. */
  close(): void {
    this.#refusals.close();
    this.#failures.close();
  }

  #answer(progress: Progress, connection: Connection, search: string): Soon<AnyReply> {
    const { router } = this.#options;
    const { message } = progress;
    const method = message.method ?? '';
    const last = connection.match;
    const match =
      last && last.path === progress.path && last.route.method === method ? last : router.match(method, progress.path);
    if (match.kind === 'route') {
      connection.match = match;
      progress.route = match.route;
      progress.path = match.path;
      progress.token = presentedToken(message, match.route, connection);
    }
    return soon(this.#limit(progress), (limited) => limited ?? this.#admitted(progress, match, search));
  }

  #admitted(progress: Progress, match: Match, search: string): Soon<AnyReply> {
    const { message } = progress;
    this.#origin.check(message);
    if (match.kind === 'none') return { status: 404, body: null };
    if (match.kind === 'malformed') throw new ZvaultError('BAD_REQUEST', 'the path is not valid percent-encoding');
    if (match.kind === 'method') {
      return refusal('METHOD_NOT_ALLOWED', 'this path has other methods', { Allow: match.allowed.join(', ') });
    }
    const { route, parameters } = match;
    return soon(this.#authorize(progress, route, parameters, search), () => {
      // Query and body are read after access is decided: who may not call learns nothing of what would be valid.
      const query = readQuery(route, search);
      const slowMs = this.#options.vault.options.slowRequestMs;
      const body = route.body && !isBinary(message, route) ? readBody(message, route, slowMs) : undefined;
      return soon(body, (value) => this.#call(progress, this.#context(progress, route, parameters, query, value)));
    });
  }

  #call(progress: Progress, context: RequestContext): Soon<AnyReply> {
    const { handlers, vault } = this.#options;
    const handler = handlers[context.route.id];
    if (!handler) throw new ZvaultError('INTERNAL', `the route ${context.route.id} has no handler`);
    if (progress.grant?.principal.kind === 'service')
      vault.tokenUse.note(progress.grant.principal.token.id, progress.nowMs);
    return handler(context);
  }

  #authorize(
    progress: Progress,
    route: ServedRoute,
    parameters: Readonly<Record<string, string>>,
    search: string,
  ): Soon<void> {
    const { vault } = this.#options;
    const { access } = route;
    if (access.identity === 'none') return undefined;
    this.inFlight.refuseWhileAlone();
    if (vault.seal.sealed) {
      if (access.identity === 'vault' && access.openBeforeInit) return this.#requireUninitialized();
      // Contract 1.2.
      if (access.identity === 'vault' && access.seals) throw new ZvaultError('CONFLICT', 'the vault is sealed already');
      throw sealed();
    }
    const { token } = progress;
    if (token === undefined) {
      throw new ZvaultError(
        'UNAUTHORIZED',
        access.identity === 'vault'
          ? 'the header "X-Vault-Token: …" is missing'
          : 'the header "Authorization: Bearer …" is missing',
      );
    }
    const identified = (actor: Actor): void => {
      progress.actor = actor;
    };
    if (access.identity === 'vault') {
      return soon(
        vault.access.vault.authorize(token, access, parameters, (caller) => {
          progress.caller = caller;
          progress.actor = caller.actor;
        }),
        () => undefined,
      );
    }
    const target = targetOf(route, parameters, search);
    return soon(vault.access.authorize(token, access, route.scope, target, identified), (grant) => {
      progress.grant = grant;
    });
  }

  async #requireUninitialized(): Promise<void> {
    if ((await this.#options.vault.seal.status()).initialized) throw sealed();
  }

  #context(
    progress: Progress,
    route: ServedRoute,
    parameters: Readonly<Record<string, string>>,
    query: Query,
    body: unknown,
  ): RequestContext {
    const { vault } = this.#options;
    const { message, actor, grant, caller, nowMs } = progress;
    const facts = { vault, route, message, parameters, query, body, actor, grant, caller, nowMs };
    return new Context(facts, progress, this.#hooks);
  }

  /** Each token has its bucket, and so has each address without one, whatever it asks for. */
  #limit(progress: Progress): Soon<Reply | undefined> {
    if (progress.route?.unaudited) return undefined;
    return this.#take(progress.token?.hash ?? `address ${progress.remoteAddress}`);
  }

  /** Refused log-ins are charged to the address, so that trying tokens is limited too. */
  #slowDown(progress: Progress, reply: Reply): Soon<Reply> {
    if (progress.token === undefined) return reply;
    return soon(this.#take(`address ${progress.remoteAddress}`), (limited) => limited ?? reply);
  }

  #take(name: string): Soon<Reply | undefined> {
    return soon(this.#rate.take(name), (seconds) => (seconds === 0 ? undefined : rateLimited(seconds)));
  }

  #fail(progress: Progress, error: unknown): void {
    const reply = errorReply(error, (failure) => this.#report(failure));
    progress.recorded ||= isRecorded(error);
    const answer = reply.status === 401 ? this.#slowDown(progress, reply) : reply;
    if (!(answer instanceof Promise)) this.#record(progress, answer);
    else
      answer.then(
        (slowed) => this.#record(progress, slowed),
        () => this.#record(progress, reply),
      );
  }

  /** Writes the audit record, then sends the reply: or the error, if no device took the record. */
  #record(progress: Progress, reply: AnyReply): void {
    // Nobody that we know: without a limit, anybody could fill the disk with records.
    const nobody = progress.actor === anonymousActor && (reply.status === 401 || reply.status === 429);
    if (
      progress.recorded ||
      progress.route?.unaudited ||
      (nobody && this.#refusals.countOnly(progress.remoteAddress))
    ) {
      this.#deliver(progress, reply);
      return;
    }
    this.#options.vault.audit.append(this.#event(progress, reply), (error) => {
      this.#deliver(progress, error === undefined ? reply : errorReply(error, (failure) => this.#report(failure)));
    });
  }

  #deliver(progress: Progress, answer: AnyReply): void {
    const { message, response, route, startedMs, leave } = progress;
    const reply = route?.page ? asPage(answer) : answer;
    this.#options.metrics.observe(route?.id ?? 'unrouted', reply.status, (performance.now() - startedMs) / 1000);
    if (!('run' in reply)) {
      try {
        send(message, response, reply, leave);
      } catch (error) {
        // The record is written: a second answer, or none that ends, would be worse than a closed connection.
        this.#report(error);
        response.destroy();
      }
      return;
    }
    leave();
    sendStream(message, response, reply).catch((error: unknown) => {
      this.#report(error);
      response.destroy();
    });
  }

  #event(progress: Progress, reply: Reply): AuditEvent {
    const { route, grant, caller, message } = progress;
    return {
      operation: operationOf(message.method ?? '', route),
      action: route?.id ?? 'unrouted',
      path: progress.path,
      data: reply.data ?? null,
      remoteAddress: progress.remoteAddress,
      userAgent: message.headers['user-agent'] ?? null,
      status: reply.status,
      error: 'code' in reply && typeof reply.code === 'string' ? reply.code : null,
      actor: reply.actor ?? progress.actor,
      policies: caller?.policyNames,
      // What was just created is told by the reply.
      orgId: grant?.org?.id ?? idIn(reply.data, 'org_id'),
      projectId: grant?.project?.id ?? idIn(reply.data, 'project_id'),
      environment: grant?.environment?.slug ?? null,
      resource: reply.resource ?? '',
    };
  }

  #report(error: unknown): void {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    this.#failures.tell(`${messageOf(error)}${cause}`);
  }
}

/** An error of a route that people see in their browser. */
function asPage(reply: AnyReply): AnyReply {
  const { body, status, headers } = reply;
  if (status < 400 || body === null || typeof body !== 'object' || !('message' in body)) return reply;
  const page = failurePage(status, String(body.message));
  return { ...page, headers: { ...page.headers, ...headers } };
}

function sealed(): ZvaultError {
  return new ZvaultError('SEALED', 'the vault is sealed', { hint: 'unseal it with "zvault unseal"' });
}

function idIn(data: Reply['data'], name: string): string | null {
  const id = data?.[name];
  return typeof id === 'string' ? id : null;
}

function rateLimited(seconds: number): Reply {
  return refusal('RATE_LIMITED', 'too many requests', { 'Retry-After': String(seconds) });
}

const operations: Readonly<Record<string, string>> = {
  GET: 'read',
  HEAD: 'read',
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

/** `area.list`, `area.list-what` or `area.versions`. */
const listing = /\.(?:list(?:-|$)|versions$)/;
const listings = new WeakMap<ServedRoute, boolean>();

function isList(route: ServedRoute): boolean {
  let known = listings.get(route);
  if (known === undefined) listings.set(route, (known = listing.test(route.id)));
  return known;
}

function operationOf(method: string, route: ServedRoute | undefined): string {
  return route && isList(route) ? 'list' : (operations[method] ?? 'unknown');
}
