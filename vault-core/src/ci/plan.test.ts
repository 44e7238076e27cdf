import { describe, expect, test } from 'vitest';
import { parseCiOptions } from './options.ts';
import { type PlanInput, makePlan, maxVariableBytes, namesAfter, namesVariable } from './plan.ts';

function plan(
  secrets: Record<string, string>,
  options: Record<string, string> = {},
  input: Partial<PlanInput> = {},
): ReturnType<typeof makePlan> {
  return makePlan({
    secrets: new Map(Object.entries(secrets)),
    references: new Map(),
    environment: {},
    use: 'environment',
    windows: false,
    options: parseCiOptions((name) => options[name]),
    ...input,
  });
}
const names = (made: ReturnType<typeof makePlan>): string[] => made.variables.map(({ name }) => name);

describe('names', () => {
  test.each(['A=1\nLD_PRELOAD', 'a b', 'a-b', '1A', '', 'A<<B', 'é'])('%j is no name', (name) => {
    expect(() => plan({ [name]: 'value', GOOD: 'value' })).toThrow(/^ZVCI-130/);
  });

  test.each([
    'PATH',
    'ld_preload',
    'NODE_OPTIONS',
    'BASH_ENV',
    'GITHUB_TOKEN',
    'runner_temp',
    'CI',
    'CI_X',
    'CIRCLE_TOKEN',
    'BITBUCKET_X',
    'ACTIONS_X',
    'INPUT_X',
    'STATE_X',
    'HTTPS_PROXY',
    'GIT_SSH_COMMAND',
    'ZVAULT_TOKEN',
    'http_proxy',
  ])('%s is reserved', (name) => {
    expect(() => plan({ [name]: 'value' })).toThrow(/^ZVCI-131/);
    expect(names(plan({ [name]: 'value' }, { 'allow-reserved': name }))).toEqual([name]);
    expect(() => plan({ [name]: 'value', PS4: 'x' }, { 'allow-reserved': name })).toThrow(/^ZVCI-131: reserved: "PS4"/);
  });

  test('are looked at again after map, prefix and transform', () => {
    expect(() => plan({ A: 'v' }, { map: 'A -> LD_PRELOAD' })).toThrow(/^ZVCI-131/);
    expect(() => plan({ PRELOAD: 'v' }, { prefix: 'LD_' })).toThrow(/^ZVCI-131/);
    expect(() => plan({ 'node.options': 'v' }, { transform: 'upper-snake' })).toThrow(/^ZVCI-131/);
    expect(() => plan({ A: 'v' }, { prefix: 'x-' })).toThrow(/^ZVCI-130/);
    expect(names(plan({ 'a-b': 'v' }, { transform: 'upper-snake' }))).toEqual(['A_B']);
  });

  test('data takes any', () => {
    expect(names(plan({ 'a b': 'v', PATH: 'v' }, {}, { use: 'data' }))).toEqual(['a b', 'PATH']);
    expect(() => plan({ PATH: 'v' }, {}, { use: 'names' })).toThrow(/^ZVCI-131/);
  });

  test('__proto__ is a name like any other', () => {
    const secrets = new Map([['__proto__', 'a-long-value']]);
    expect(plan({}, {}, { secrets }).variables).toMatchObject([{ name: '__proto__', value: 'a-long-value' }]);
  });
});

describe('collisions', () => {
  test('two secrets under one name', () => {
    expect(() => plan({ 'a-b': '1', 'a.b': '2' }, { transform: 'upper-snake' })).toThrow(/^ZVCI-132/);
    expect(names(plan({ 'a-b': '1', 'a.b': '1' }, { transform: 'upper-snake' }))).toEqual(['A_B']);
    expect(() => plan({ 'a-b': '1', 'a.b': '2' }, { transform: 'upper-snake', 'on-collision': 'overwrite' })).toThrow(
      /^ZVCI-132/,
    );
  });

  test('a variable that is set', () => {
    const environment = { A: 'other' };
    expect(() => plan({ A: 'v' }, {}, { environment })).toThrow(/^ZVCI-132: .*"A"/);
    expect(plan({ A: 'v', B: 'v' }, { 'on-collision': 'keep' }, { environment })).toMatchObject({
      kept: ['A'],
      variables: [{ name: 'B' }],
    });
    expect(names(plan({ A: 'v' }, { 'on-collision': 'overwrite' }, { environment }))).toEqual(['A']);
    expect(names(plan({ A: 'other' }, {}, { environment }))).toEqual(['A']);
    expect(names(plan({ A: 'v' }, {}, { environment: { ...environment, [namesVariable]: 'X,A' } }))).toEqual(['A']);
    expect(() => plan({ a: 'v' }, {}, { environment, windows: true })).toThrow(/^ZVCI-132/);
    expect(names(plan({ a: 'v' }, {}, { environment }))).toEqual(['a']);
  });

  test('a reference of the job is no collision with itself', () => {
    const input = { environment: { A: 'zvault://app/A' }, references: new Map([['A', 'resolved']]) };
    expect(plan({}, {}, input).variables).toMatchObject([{ name: 'A', value: 'resolved' }]);
    expect(plan({ A: 'resolved' }, {}, input).variables).toHaveLength(1);
    expect(() => plan({ A: 'other' }, {}, input)).toThrow(/^ZVCI-132/);
    expect(plan({ A: 'other' }, { 'on-collision': 'keep' }, input).variables).toMatchObject([{ value: 'resolved' }]);
    expect(plan({ A: 'other' }, { 'on-collision': 'overwrite' }, input).variables).toMatchObject([{ value: 'other' }]);
  });

  test('names of earlier uses are remembered', () => {
    expect(namesAfter(plan({ B: 'v' }), { [namesVariable]: 'A,B' })).toBe('A,B');
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`A_LONG_NAME_OF_A_SECRET_${index}`, 'v']),
    );
    expect(namesAfter(plan(many), {}).length).toBeLessThan(maxVariableBytes);
  });
});

describe('values', () => {
  test('too large, NUL', () => {
    expect(() => plan({ A: 'x'.repeat(maxVariableBytes) })).toThrow(/^ZVCI-133/);
    expect(names(plan({ A: 'x'.repeat(maxVariableBytes - 1) }))).toEqual(['A']);
    expect(names(plan({ A: 'x'.repeat(maxVariableBytes) }, {}, { use: 'names' }))).toEqual(['A']);
    expect(() => plan({ A: 'a\0b' })).toThrow(/^ZVCI-134/);
  });

  test('missing', () => {
    expect(() => plan({ A: 'v' }, { keys: 'A,B' })).toThrow(/^ZVCI-140: .*"B"/);
    expect(plan({ A: 'value' }, { keys: 'A,B', 'on-missing': 'warn' }).warnings).toEqual([
      'not in the environment: "B"',
    ]);
    expect(plan({ A: 'value' }, { keys: 'A\nB', 'on-missing': 'ignore' }).warnings).toEqual([]);
  });

  test('short ones are told by name, or refused', () => {
    const made = plan({ A: 'x', B: 'true', C: 'long-enough', D: '' });
    expect(made.warnings).toEqual(['too short or too common to be masked: "A", "B"']);
    expect(made.variables.map(({ masked }) => masked)).toEqual([false, false, true, false]);
    expect(() => plan({ A: 'x' }, { 'short-values': 'error' })).toThrow(/^ZVCI-136/);
    expect(plan({ A: 'x', B: 'true' }, { 'min-mask-length': '0' })).toMatchObject({
      warnings: [],
      masks: expect.arrayContaining(['x', 'true']),
    });
    expect(plan({ A: 'long-enough' }, { unmask: 'A*' })).toMatchObject({ warnings: [], masks: [] });
  });
});

test.each([
  ['on-missing', 'no'],
  ['retries', '-1'],
  ['timeout-ms', '0'],
  ['map', 'A=B'],
  ['transform', 'camel'],
])('the option %s refuses %s', (name, value) => {
  expect(() => parseCiOptions((one) => (one === name ? value : undefined))).toThrow(new RegExp(`^ZVCI-100: "${name}"`));
});
