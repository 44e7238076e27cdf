import { expect, test } from 'vitest';
import { Gauges, Metrics } from './metrics.ts';

test('counts and latencies by route and status', () => {
  const metrics = new Metrics();
  for (const seconds of [0.0004, 0.0005, 0.02, 60]) metrics.observe('secrets.get', 200, seconds);
  metrics.observe('secrets.get', 404, 0.02);
  const text = metrics.text([]);
  expect(text).toContain('zvault_requests_total{route="secrets.get",status="200"} 4\n');
  expect(text).toContain('zvault_requests_total{route="secrets.get",status="404"} 1\n');
  const bucket = (le: string): string | undefined =>
    text.split('\n').find((line) => line.includes(`_bucket{route="secrets.get",status="200",le="${le}"}`));
  expect(['0.0005', '0.01', '0.025', '10', '+Inf'].map((le) => bucket(le)?.split(' ')[1])).toEqual([
    '2',
    '2',
    '3',
    '3',
    '4',
  ]);
  expect(text).toMatch(/_sum\{route="secrets.get",status="200"\} 60\.0209/);
  expect(text).toContain('_count{route="secrets.get",status="200"} 4\n');
  expect(text.match(/# TYPE/g)).toHaveLength(2);
});

test('a gauge that is unknown or fails is left out, the others stay; labels are escaped', async () => {
  const gauges = new Gauges();
  const fails = (): never => {
    throw new Error('sealed');
  };
  gauges.add({ name: 'a', help: 'A.', read: () => undefined });
  gauges.add({ name: 'b', help: 'B.', read: fails });
  gauges.add({ name: 'c', help: 'C.', read: () => Promise.reject(new Error('no store')) });
  gauges.add({ name: 'd', help: 'D.', labels: { x: 'a"b\\c\nd' }, read: () => Promise.resolve(7) });
  expect(await gauges.lines()).toEqual(['# HELP d D.', '# TYPE d gauge', 'd{x="a\\"b\\\\c\\nd"} 7']);
});
