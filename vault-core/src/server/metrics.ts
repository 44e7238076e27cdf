// Counts and latencies for Prometheus. Labels are routes and statuses; never the name of a secret, a project or a person.

/** Upper bounds in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** One number that is read when somebody asks for it. */
export interface Gauge {
  /** `zvault_…` */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** Fixed for the life of the server. */
  readonly labels?: Readonly<Record<string, string>>;
  /** `undefined` leaves it out: what can't be known while the vault is sealed. */
  readonly read: () => number | undefined | Promise<number | undefined>;
}

/** The numbers of a vault: whoever has one adds it here. */
export class Gauges {
  readonly #gauges = new Map<string, Gauge>();

  add(gauge: Gauge): void {
    this.#gauges.set(gauge.name, gauge);
  }

  /** One that can't be read is left out: the others are wanted most when something is wrong. */
  async lines(): Promise<string[]> {
    const lines: string[] = [];
    for (const { name, help, labels = {}, read } of this.#gauges.values()) {
      const value = await Promise.resolve()
        .then(read)
        .catch(() => undefined);
      if (value !== undefined) lines.push(...head(name, help, 'gauge'), `${name}${labelText(labels)} ${value}`);
    }
    return lines;
  }
}

interface Series {
  readonly labels: string;
  readonly buckets: Uint32Array;
  sumSeconds: number;
  count: number;
}

export class Metrics {
  readonly #routes = new Map<string, Map<number, Series>>();

  observe(route: string, status: number, seconds: number): void {
    const series = this.#series(route, status);
    series.count += 1;
    series.sumSeconds += seconds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1;
    if (bucket < bounds.length) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  }

  /** The page in Prometheus' text format 0.0.4, `gauges` first. */
  text(gauges: readonly string[]): string {
    const all = [...this.#routes.values()].flatMap((byStatus) => [...byStatus.values()]);
    const [requests, durations] = ['zvault_requests_total', 'zvault_request_duration_seconds'];
    const lines = [
      ...gauges,
      ...head(requests, 'Requests answered.', 'counter'),
      ...all.map(({ labels, count }) => `${requests}{${labels}} ${count}`),
      ...head(durations, 'Time from request to answer.', 'histogram'),
      ...all.flatMap((series) => histogram(durations, series)),
    ];
    return `${lines.join('\n')}\n`;
  }

  #series(route: string, status: number): Series {
    let byStatus = this.#routes.get(route);
    if (!byStatus) this.#routes.set(route, (byStatus = new Map<number, Series>()));
    let series = byStatus.get(status);
    if (!series) {
      const labels = `route="${route}",status="${status}"`;
      series = { labels, buckets: new Uint32Array(bounds.length), sumSeconds: 0, count: 0 };
      byStatus.set(status, series);
    }
    return series;
  }
}

function histogram(name: string, { labels, buckets, sumSeconds, count }: Series): string[] {
  let cumulative = 0;
  const lines = bounds.map((bound, index) => {
    cumulative += buckets[index] ?? 0;
    return `${name}_bucket{${labels},le="${bound}"} ${cumulative}`;
  });
  return [
    ...lines,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sumSeconds}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function head(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** Source: Prometheus' text format (backslash, quote and line feed are escaped) */
function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
