// What the client tells a logger: facts about requests and caches, never a value, a token or a body.

export interface LogEntry {
  readonly level: 'debug' | 'warn';
  readonly event: 'request' | 'retry' | 'read' | 'refresh' | 'dialect' | 'watch' | 'fallback-file';
  readonly message: string;
  readonly method?: string;
  /** The route with `{}` for its parts. */
  readonly route?: string;
  readonly status?: number;
  readonly code?: string;
  readonly durationMs?: number;
  readonly delayMs?: number;
  /** Counted from 1. */
  readonly attempt?: number;
  readonly environment?: string;
  readonly count?: number;
}

/** Gets each entry as it happens. What it throws is ignored: logging must not decide about secrets. */
export type Logger = (entry: LogEntry) => void;

/** `logger` made safe to call; a no-op without one. */
export function guardLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return () => {};
  return (entry) => {
    try {
      logger(entry);
    } catch {
      // See Logger.
    }
  };
}
