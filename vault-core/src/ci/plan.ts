// What a job gets: variables with their names proven, what is masked, and what a person should know. Nothing has left yet.

import type { CiOptions } from './options.ts';
import { type Pair, refuseNul } from './encode.ts';
import { ciError } from './errors.ts';
import { matchesGlob } from './glob.ts';
import { isMaskable, maskAll } from './mask-plan.ts';
import { checkNames, list } from './names.ts';
import { type Selected, selectSecrets } from './select.ts';

/**
 * Linux takes no longer text as one variable (MAX_ARG_STRLEN, 131,072 bytes with name and NUL): every later step would fail to start.
 * The rest is for what platforms put around it. Source: execve(2).
 */
export const maxVariableBytes = 120_000;

/** The variable in which a job remembers which names came from the vault, so that a second use may set them anew. */
export const namesVariable = 'ZVAULT_CI_NAMES';

export interface PlannedVariable extends Pair {
  /** The secret's key, or the reference's variable. */
  readonly key: string;
  readonly masked: boolean;
}

export interface Plan {
  readonly variables: readonly PlannedVariable[];
  /** Texts that must be masked before anything else happens: see `maskPlan`. */
  readonly masks: readonly string[];
  /** For people. Names, never values. */
  readonly warnings: readonly string[];
  /** Names that stay as they were (`on-collision: keep`). */
  readonly kept: readonly string[];
}

/**
 * Where the values go: into the environment of processes, with its names and sizes; into a file whose names become variables; or into
 * data, which takes any name.
 */
export type PlanUse = 'environment' | 'names' | 'data';

export interface PlanInput {
  readonly secrets: ReadonlyMap<string, string>;
  /** Values of the job's own variables that were references. */
  readonly references: ReadonlyMap<string, string>;
  /** The environment of the job, for collisions. Undefined: nothing is set yet, or names are no variables. */
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  readonly options: CiOptions;
  readonly use: PlanUse;
  /** Names of variables are compared without case. */
  readonly windows: boolean;
}

/** All or nothing. @throws ZVCI-100, ZVCI-130 to ZVCI-140 */
export function makePlan(input: PlanInput): Plan {
  const { options, use } = input;
  const warnings: string[] = [];
  const { selected, missing } = selectSecrets(input.secrets, options.select);
  if (missing.length > 0 && options.onMissing === 'fail') {
    throw ciError('ZVCI-140', `not in the environment: ${list(missing)}`);
  }
  if (missing.length > 0 && options.onMissing === 'warn') warnings.push(`not in the environment: ${list(missing)}`);

  const resolved = Array.from(input.references, ([name, value]): Selected => ({ key: name, name, value }));
  if (use !== 'data') {
    checkNames(
      [...selected, ...resolved].map(({ name }) => name),
      options.allowReserved,
    );
  }
  const { chosen, kept } = withoutCollisions(selected, resolved, input);
  if (use !== 'data') refuseNul(chosen);
  if (use === 'environment') {
    const large = chosen.filter((one) => Buffer.byteLength(one.name) + Buffer.byteLength(one.value) > maxVariableBytes);
    if (large.length > 0) {
      throw ciError('ZVCI-133', `larger than ${maxVariableBytes} bytes: ${list(large.map(({ name }) => name))}`);
    }
  }

  const isOpen = ({ key }: Selected): boolean => options.unmask.some((pattern) => matchesGlob(pattern, key));
  const variables = chosen.map((one) => ({ ...one, masked: !isOpen(one) && isMaskable(one.value, options.mask) }));
  const short = variables.filter((one) => !one.masked && !isOpen(one) && one.value.trim() !== '');
  if (short.length > 0) {
    const names = `too short or too common to be masked: ${list(short.map(({ name }) => name))}`;
    if (options.shortValues === 'error') throw ciError('ZVCI-136', names);
    warnings.push(names);
  }
  const masks = maskAll(
    variables.filter(({ masked }) => masked).map(({ value }) => value),
    options.mask,
  );
  return { variables, masks, warnings, kept };
}

/**
 * One value for each name. The same value again is no collision; a name that an earlier use has set may be set anew; what else is set
 * stands against ours.
 */
function withoutCollisions(
  selected: readonly Selected[],
  references: readonly Selected[],
  { environment, options, windows, use }: PlanInput,
): { chosen: Selected[]; kept: string[] } {
  const same = (name: string): string => (windows && use !== 'data' ? name.toUpperCase() : name);
  const chosen = new Map<string, Selected>(references.map((one) => [same(one.name), one]));
  const own = new Set(chosen.keys());
  const earlier = new Set((environment?.[namesVariable] ?? '').split(',').map(same));
  const present = new Map(
    Object.entries(environment ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[same(name), value] as const],
    ),
  );
  const twice: string[] = [];
  const taken: string[] = [];
  const kept: string[] = [];
  for (const one of selected) {
    const id = same(one.name);
    const other = chosen.get(id);
    if (other !== undefined && !own.has(id)) {
      if (other.value !== one.value) twice.push(one.name);
      continue;
    }
    const value = other?.value ?? (earlier.has(id) ? undefined : present.get(id));
    if (value !== undefined && value !== one.value) {
      if (options.onCollision === 'fail') taken.push(one.name);
      if (options.onCollision === 'keep') kept.push(one.name);
      if (options.onCollision !== 'overwrite') continue;
    }
    own.delete(id);
    chosen.set(id, one);
  }
  if (twice.length > 0) throw ciError('ZVCI-132', `several secrets become ${list([...new Set(twice)])}`);
  if (taken.length > 0) throw ciError('ZVCI-132', `set already, to another value: ${list(taken)}`);
  return { chosen: [...chosen.values()], kept };
}

/** The value of `namesVariable` after this plan: names from before stay. */
export function namesAfter(
  plan: Pick<Plan, 'variables'>,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const before = (environment[namesVariable] ?? '').split(',').filter((name) => name !== '');
  const names = [...new Set([...before, ...plan.variables.map(({ name }) => name)])];
  let size = 0;
  // Past the limit a second use would call these names collisions, which is the careful side.
  return names.filter((name) => (size += name.length + 1) <= maxVariableBytes - namesVariable.length).join(',');
}
