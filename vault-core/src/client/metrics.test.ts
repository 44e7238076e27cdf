import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';
import { refusal, startTestServer, testClient } from './test-server.ts';
import { modernVault } from './test-vaults.ts';

/** Samples by name and labels; throws on a line that the text format does not have. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment) {
      if (comment[1] === 'TYPE') types.set(comment[2] ?? '', comment[3] ?? '');
      continue;
    }
    const sample = /^([a-z_]+)(\{[a-z]+="[^"\\]*"\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`not a sample: ${line}`);
    const family = (sample[1] ?? '').replace(/_(bucket|sum|count)$/, '');
    if (!types.has(family) && !types.has(sample[1] ?? '')) throw new Error(`no type: ${line}`);
    samples.set(`${sample[1]}${sample[2] ?? ''}`, Number(sample[3]));
  }
  return samples;
}

test('the histogram counts upwards', () => {
  const metrics = new Metrics();
  for (const ms of [1, 5, 6, 300, 60_000]) metrics.request(ms);
  const samples = parse(metrics.text());
  const bucket = (le: string): number | undefined =>
    samples.get(`zvault_client_request_duration_seconds_bucket{le="${le}"}`);
  expect(['0.005', '0.01', '0.25', '0.5', '10', '+Inf'].map(bucket)).toEqual([2, 3, 3, 4, 4, 5]);
  expect(samples.get('zvault_client_request_duration_seconds_count')).toBe(5);
  expect(samples.get('zvault_client_request_duration_seconds_sum')).toBeCloseTo(60.312);
});

test('what a client did', async () => {
  const vault = modernVault({ SECRET_NAME: 'x' });
  await using server = await startTestServer(vault.handle);
  await using client = testClient(server, { project: 'project-name', org: 'org-name' });
  await client.getAll();
  await client.getAll();
  await client.get('NOPE').catch(() => {});
  server.handler = () => refusal(503, 'unavailable');
  await client.getAll({ fresh: true });
  const text = client.metrics();
  const samples = parse(text);
  expect(samples.get('zvault_client_reads_total{source="hit"}')).toBe(1);
  expect(samples.get('zvault_client_reads_total{source="miss"}')).toBe(1);
  expect(samples.get('zvault_client_reads_total{source="stale"}')).toBe(1);
  expect(samples.get('zvault_client_retries_total')).toBe(1);
  expect(samples.get('zvault_client_errors_total{code="NOT_FOUND"}')).toBe(1);
  expect(samples.get('zvault_client_errors_total{code="UNAVAILABLE"}')).toBe(1);
  expect(samples.get('zvault_client_request_duration_seconds_count')).toBe(server.lines.length);
  expect(text).not.toMatch(/SECRET_NAME|project-name|org-name|prod/);
});
