// Pages of several processes as one, in Prometheus' text format 0.0.4: counts and histograms are added, of gauges the largest
// counts.

interface Family {
  readonly comments: Set<string>;
  gauge: boolean;
  /** By name and labels. */
  readonly samples: Map<string, number>;
}

export function mergeMetrics(pages: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const page of pages) {
    let family = familyOf(families, '');
    for (const line of page.split('\n')) {
      const comment = /^# (?:HELP|TYPE) (\S+) (.*)$/.exec(line);
      if (comment) {
        family = familyOf(families, comment[1] ?? '');
        family.comments.add(line);
        family.gauge ||= line.startsWith('# TYPE') && comment[2] === 'gauge';
      } else if (line !== '') {
        const space = line.lastIndexOf(' ');
        const sample = line.slice(0, space);
        const value = Number(line.slice(space + 1));
        const known = family.samples.get(sample) ?? 0;
        family.samples.set(sample, family.gauge ? Math.max(known, value) : known + value);
      }
    }
  }
  const lines = [...families.values()].flatMap(({ comments, samples }) => [
    ...comments,
    ...[...samples].map(([sample, value]) => `${sample} ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function familyOf(families: Map<string, Family>, name: string): Family {
  let family = families.get(name);
  if (!family) families.set(name, (family = { comments: new Set(), gauge: false, samples: new Map() }));
  return family;
}
