// Counts and latencies for Prometheus. Labels are routes and statuses; never the name of a secret, a project or a person.

/** Upper bounds in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

interface RouteStats {
  readonly buckets: Uint32Array;
  sumSeconds: number;
  count: number;
  readonly byStatus: Map<number, number>;
}

export class Metrics {
  readonly #routes = new Map<string, RouteStats>();

  observe(route: string, status: number, seconds: number): void {
    let stats = this.#routes.get(route);
    if (!stats)
      this.#routes.set(
        route,
        (stats = { buckets: new Uint32Array(bounds.length), sumSeconds: 0, count: 0, byStatus: new Map() }),
      );
    stats.count += 1;
    stats.sumSeconds += seconds;
    stats.byStatus.set(status, (stats.byStatus.get(status) ?? 0) + 1);
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1;
    if (bucket < bounds.length) stats.buckets[bucket] = (stats.buckets[bucket] ?? 0) + 1;
  }

  /** The page in Prometheus' text format 0.0.4. `gauges`: name to value. */
  text(gauges: readonly { name: string; help: string; value: number; labels?: string }[]): string {
    const lines: string[] = [];
    for (const { name, help, value, labels = '' } of gauges)
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name}${labels} ${value}`);
    lines.push('# HELP zvault_requests_total Requests answered.', '# TYPE zvault_requests_total counter');
    for (const [route, { byStatus }] of this.#routes) {
      for (const [status, count] of byStatus)
        lines.push(`zvault_requests_total{route="${route}",status="${status}"} ${count}`);
    }
    lines.push(
      '# HELP zvault_request_duration_seconds Time from request to answer.',
      '# TYPE zvault_request_duration_seconds histogram',
    );
    for (const [route, stats] of this.#routes) lines.push(...histogram(route, stats));
    return `${lines.join('\n')}\n`;
  }
}

function histogram(route: string, { buckets, sumSeconds, count }: RouteStats): string[] {
  const name = 'zvault_request_duration_seconds';
  let cumulative = 0;
  const lines = bounds.map((bound, index) => {
    cumulative += buckets[index] ?? 0;
    return `${name}_bucket{route="${route}",le="${bound}"} ${cumulative}`;
  });
  return [
    ...lines,
    `${name}_bucket{route="${route}",le="+Inf"} ${count}`,
    `${name}_sum{route="${route}"} ${sumSeconds}`,
    `${name}_count{route="${route}"} ${count}`,
  ];
}
