import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { emit } from './emit.ts';
import { parseCiOptions } from './options.ts';
import { type Plan, makePlan } from './plan.ts';

function planOf(secrets: Record<string, string>): Plan {
  return makePlan({
    secrets: new Map(Object.entries(secrets)),
    references: new Map(),
    environment: {},
    use: 'environment',
    windows: false,
    options: parseCiOptions(() => undefined),
  });
}

function emitted(plan: Plan, format: 'github' | 'dotenv' | 'sh'): string[] {
  const calls: string[] = [];
  emit(
    plan,
    { format, randomBytes, environment: {} },
    { mask: () => calls.push('mask'), write: () => calls.push('write') },
  );
  return calls;
}

test('every mask, then one write', () => {
  const calls = emitted(planOf({ A: 'the-first-value', B: 'the-second-value' }), 'github');
  expect(calls.at(-1)).toBe('write');
  expect(calls.filter((call) => call === 'write')).toHaveLength(1);
  expect(calls.length).toBeGreaterThan(4);
});

test('a value that the format does not take leaves nothing: no mask, no write', () => {
  const calls: string[] = [];
  const sink = { mask: () => calls.push('mask'), write: () => calls.push('write') };
  const plan = planOf({ GOOD: 'a-good-value', BAD: 'with\r\nreturn' });
  expect(() => emit(plan, { format: 'dotenv', randomBytes }, sink)).toThrow(/^ZVCI-135/);
  expect(calls).toEqual([]);
});

test('nothing to say writes nothing', () => {
  expect(emitted(planOf({}), 'sh')).toEqual([]);
});
