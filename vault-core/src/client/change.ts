// What a watch tells, and what following changes needs.

import type { Reader } from './reader.ts';
import type { Requester } from './requester.ts';
import type { Scope } from './scope.ts';
import type { Writer } from './writer.ts';

export type SecretEvent =
  | {
      readonly type: 'secret.written' | 'secret.deleted';
      readonly environment: string;
      readonly key: string;
      readonly version: number;
    }
  /** Changes may have been missed (the connection broke and could not be resumed): read again what you hold. */
  | { readonly type: 'resync'; readonly environment: string };

export interface WatchOptions {
  /** @default the client's environment */
  readonly environment?: string | undefined;
  /** Ends the watch without an error. */
  readonly signal?: AbortSignal | undefined;
  /** How often a server without an event stream is asked. @default 30_000 */
  readonly pollIntervalMs?: number | undefined;
  /** A stream that is silent for so long, heartbeats included, is opened anew. @default 90_000 */
  readonly idleTimeoutMs?: number | undefined;
}

export interface ChangeContext {
  readonly requester: Requester;
  readonly scope: Scope;
  readonly reader: Reader;
  readonly writer: Writer;
}
