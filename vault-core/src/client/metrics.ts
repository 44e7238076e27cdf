// What the client counts, as text for Prometheus. No label holds the name of a secret, a project or an environment.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).

/** Upper bounds of the latency histogram, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** How a read was answered: from memory, by the server, from last-known values, or from the fallback file. */
export type ReadSource = 'hit' | 'miss' | 'stale' | 'file';

export class Metrics {
  readonly #buckets: number[] = bounds.map(() => 0);
  #count = 0;
  #sumSeconds = 0;
  #retries = 0;
  #notModified = 0;
  #events = 0;
  readonly #reads = new Map<ReadSource, number>(
    (['hit', 'miss', 'stale', 'file'] as const).map((source) => [source, 0]),
  );
  readonly #errors = new Map<string, number>();

  /** One attempt of a request ended, well or not. */
  request(durationMs: number): void {
    const seconds = durationMs / 1000;
    this.#count += 1;
    this.#sumSeconds += seconds;
    const index = bounds.findIndex((bound) => seconds <= bound);
    if (index !== -1) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
  }

  retry(): void {
    this.#retries += 1;
  }

  notModified(): void {
    this.#notModified += 1;
  }

  event(): void {
    this.#events += 1;
  }

  read(source: ReadSource): void {
    this.#reads.set(source, (this.#reads.get(source) ?? 0) + 1);
  }

  /** A request failed for good. `code` is one of the closed table. */
  error(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  text(): string {
    let below = 0;
    const buckets = bounds.map((bound, index) => {
      below += this.#buckets[index] ?? 0;
      return `zvault_client_request_duration_seconds_bucket{le="${bound}"} ${below}`;
    });
    return [
      ...family('zvault_client_request_duration_seconds', 'histogram', 'Time of each attempt of a request', [
        ...buckets,
        `zvault_client_request_duration_seconds_bucket{le="+Inf"} ${this.#count}`,
        `zvault_client_request_duration_seconds_sum ${this.#sumSeconds}`,
        `zvault_client_request_duration_seconds_count ${this.#count}`,
      ]),
      ...family('zvault_client_retries_total', 'counter', 'Requests that were sent again', [
        `zvault_client_retries_total ${this.#retries}`,
      ]),
      ...family(
        'zvault_client_reads_total',
        'counter',
        'Reads by where the values came from',
        [...this.#reads].map(([source, count]) => `zvault_client_reads_total{source="${source}"} ${count}`),
      ),
      ...family('zvault_client_not_modified_total', 'counter', 'Reads that the server answered with "unchanged"', [
        `zvault_client_not_modified_total ${this.#notModified}`,
      ]),
      ...family('zvault_client_events_total', 'counter', 'Changes that were watched', [
        `zvault_client_events_total ${this.#events}`,
      ]),
      ...family(
        'zvault_client_errors_total',
        'counter',
        'Requests that failed, by error code',
        [...this.#errors].map(([code, count]) => `zvault_client_errors_total{code="${code}"} ${count}`),
      ),
      '',
    ].join('\n');
  }
}

function family(name: string, type: string, help: string, lines: readonly string[]): string[] {
  return [`# HELP ${name} ${help}.`, `# TYPE ${name} ${type}`, ...lines];
}
