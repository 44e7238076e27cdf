import { expect, test } from 'vitest';
import { Metrics } from '../metrics.ts';
import { mergeMetrics } from './merge-metrics.ts';

const page = (requests: number, sealed: number): string => {
  const metrics = new Metrics();
  for (let index = 0; index < requests; index += 1) metrics.observe('secrets.get', 200, 0.25);
  return metrics.text([{ name: 'zvault_sealed', help: 'Whether the vault is sealed.', value: sealed }]);
};

test('counts are added, of gauges the largest counts, and each family is told once', () => {
  const other = new Metrics();
  other.observe('health.get', 503, 1);
  const merged = mergeMetrics([page(2, 0), page(3, 1), other.text([])]);
  expect(merged).toContain('zvault_sealed 1\n');
  expect(merged).toContain('zvault_requests_total{route="secrets.get",status="200"} 5\n');
  expect(merged).toContain('zvault_requests_total{route="health.get",status="503"} 1\n');
  expect(merged).toContain('zvault_request_duration_seconds_bucket{route="secrets.get",le="0.1"} 0\n');
  expect(merged).toContain('zvault_request_duration_seconds_bucket{route="secrets.get",le="0.25"} 5\n');
  expect(merged).toContain('zvault_request_duration_seconds_sum{route="secrets.get"} 1.25\n');
  const comments = merged.split('\n').filter((line) => line.startsWith('#'));
  expect(new Set(comments).size).toBe(comments.length);
  // The samples of a family stand together, as the format demands.
  const order = merged.split('\n').map((line) => line.startsWith('zvault_requests_total'));
  expect(order.indexOf(true) + order.filter(Boolean).length - 1).toBe(order.lastIndexOf(true));
});

test('one page stays as it is', () => {
  expect(mergeMetrics([page(1, 0)])).toBe(page(1, 0));
});
