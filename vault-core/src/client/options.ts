// What createClient takes. Every field is optional: what is left out comes from the environment, then from a default.

import type { Host } from '../domain/host.ts';
import type { Logger } from './log.ts';

export interface ClientOptions {
  /** Address of the server. `ZVAULT_URL`, `ZVAULT_CLOUD_URL`. @default http://127.0.0.1:8200 */
  readonly url?: string | undefined;
  /** `ZVAULT_TOKEN`. Empty counts as unset, here and in the environment. */
  readonly token?: string | undefined;
  /** File that holds the token; read again when the server refuses the one read before. `ZVAULT_TOKEN_FILE`. */
  readonly tokenFile?: string | undefined;
  /** Slug or id. `ZVAULT_ORG`, `ZVAULT_ORG_ID`. A service token knows its own. */
  readonly org?: string | undefined;
  /** Slug or id. `ZVAULT_PROJECT`, `ZVAULT_PROJECT_ID`. A service token knows its own. */
  readonly project?: string | undefined;
  /** Slug or id. `ZVAULT_ENV`. @default the service token's own, else `development` */
  readonly environment?: string | undefined;
  /** Longest time of one attempt, body included. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  /** Attempts after the first, of requests that may be repeated. @default 3 */
  readonly maxRetries?: number | undefined;
  /** How long values are used without asking; 0 keeps nothing in memory. @default 300_000 */
  readonly cacheTtlMs?: number | undefined;
  /** Renew what was read before its time is over, in the background. Timers don't keep the process alive. @default false */
  readonly autoRefresh?: boolean | undefined;
  /** How long last-known values serve while the server is away, counted from their last confirmation. @default 86_400_000 */
  readonly staleLimitMs?: number | undefined;
  /** PEM text of the CAs to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** File with the same. `ZVAULT_CA_CERT`. */
  readonly caFile?: string | undefined;
  /** Client certificate: PEM text, or the path of a file with it. */
  readonly cert?: string | undefined;
  /** Its private key: PEM text, or the path of a file with it. */
  readonly key?: string | undefined;
  /**
   * `http://`, `https://`, `socks5://` or `socks5h://` address of a proxy, with `user:password@` if it asks for them; `false`
   * for none. @default what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, never for loopback addresses
   */
  readonly proxy?: string | false | undefined;
  /** Encrypted file with the last values of the client's environment, for when server and memory are both away. Off by default. */
  readonly fallbackFile?: string | { readonly path: string; readonly maxAgeMs?: number } | undefined;
  /** Gets structured debug entries. Never a value or a token. */
  readonly logger?: Logger | undefined;
  /** Called with each value that arrives, before anything else sees it: a redactor learns it here. */
  readonly onValue?: ((value: string) => void) | undefined;
  /** @default zvault-core/<version> */
  readonly userAgent?: string | undefined;
  /** Send tokens over plain http to other machines. `ZVAULT_ALLOW_HTTP=1`. @default false */
  readonly allowHttp?: boolean | undefined;
  /** Ends everything that the client does. */
  readonly signal?: AbortSignal | undefined;
  /** The environment variables to read. @default those of the host */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Clock, randomness and environment. @default the process */
  readonly host?: Pick<Host, 'env' | 'now' | 'randomBytes'> | undefined;
}
