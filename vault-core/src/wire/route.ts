// What one route of the HTTP API is: data, from which the server routes and checks, and the OpenAPI document is made.

import type { Capability } from '../domain/policy/policy.ts';
import type { Permission, Role } from './words.ts';
import type { Schema } from './schema.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call, before the handler looks at anything. */
export type Access =
  /** No token. Not rate limited by token, but by address. */
  | { readonly identity: 'none' }
  /**
   * `X-Vault-Token`: a vault or root token whose policies grant `policy`, or any (`any`). `self`: what everybody may do with
   * the own token, service tokens included.
   */
  | {
      readonly identity: 'vault';
      readonly policy: PolicyNeed | 'any';
      readonly self?: true;
      /** Nobody's vault yet: before it is initialized, anybody may. */
      readonly openBeforeInit?: true;
      /** It seals: while the vault is sealed it is a conflict for everybody, since no token can be read. */
      readonly seals?: true;
      readonly headers?: 'both';
    }
  /**
   * `Authorization: Bearer`. `user` is the least role in the organisation of the path (`any`: no organisation is involved);
   * `service` is the permission that a service token needs (`any`: none; absent: service tokens are refused).
   */
  | {
      readonly identity: 'cloud';
      readonly user: Role | 'any';
      readonly service?: Permission | 'any';
      readonly headers?: 'both';
    };

/** A capability on a path. Parameters of the route's path stand in it in braces: `secret/data/{path}`. */
export interface PolicyNeed {
  readonly path: string;
  readonly capability: Exclude<Capability, 'deny'>;
}

/** Which objects of the path are resolved before the handler runs. */
export type ScopeKind = 'none' | 'org' | 'project' | 'environment';

export interface Parameter {
  readonly schema: Schema<unknown>;
  readonly description: string;
}

export interface Route {
  /** `area.verb`; names the handler and the OpenAPI operation. */
  readonly id: string;
  readonly method: Method;
  /**
   * Segments in braces are parameters; `{key}` takes any percent-encoded text. `{path...}` takes all that is left, slashes
   * included, but not nothing. A `{mount}` is never one of the words that stand in its place in other routes.
   */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly scope: ScopeKind;
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly body?: Schema<unknown>;
  /** False: an absent body is taken as `{}`. */
  readonly bodyRequired?: false;
  /** The handler gets the JSON as text, whole: a parsed number is no longer what was written. */
  readonly bodyAsText?: true;
  /** The body is an HTML form (`application/x-www-form-urlencoded`), each field once. */
  readonly form?: true;
  /** A person's browser asks: what goes wrong is told on a page. */
  readonly page?: true;
  /** Largest body in bytes; 2 MiB when left out. */
  readonly maxBodyBytes?: number;
  /** The body may also come as `application/octet-stream`, which the handler reads itself. */
  readonly binaryBody?: true;
  /** The answer may also leave as `application/octet-stream`. */
  readonly binaryReply?: true;
  /** Success: status and shape (`null`: no body; a string: that media type). */
  readonly replies: Readonly<Record<number, Schema<unknown> | string | null>>;
  /** Statuses with the error shape beyond those that every route can answer. */
  readonly errors?: readonly number[];
  /** Left out of the audit (health, metrics, the document itself). */
  readonly unaudited?: true;
  /** Answers hold secret values: `Cache-Control: no-store`. All answers have it unless a route is unaudited. */
  readonly stream?: true;
}

/** What serving a route takes. The shapes stay behind: validators and the document are made from them when the project is built. */
export type ServedRoute = Pick<
  Route,
  | 'id'
  | 'method'
  | 'path'
  | 'access'
  | 'scope'
  | 'query'
  | 'bodyRequired'
  | 'bodyAsText'
  | 'form'
  | 'page'
  | 'maxBodyBytes'
  | 'binaryBody'
  | 'binaryReply'
  | 'unaudited'
  | 'stream'
> & {
  /** Present when the route takes a body. */
  readonly body?: unknown;
};

export function defineRoutes<const R extends readonly Route[]>(routes: R): R {
  return routes;
}
