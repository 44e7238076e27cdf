// What an ephemeral vault starts with: a flat map of keys for the default project and environment, or whole projects.

import { readFileSync } from 'node:fs';
import { ZvaultError, messageOf } from '../domain/errors.ts';
import { keyProblem, slugProblem, valueProblem } from '../domain/names.ts';

/** Scalars are taken as text: a number or a boolean in YAML is what its text says. */
type Scalar = string | number | boolean;
export type FlatSeed = Readonly<Record<string, Scalar>>;
export interface ProjectsSeed {
  readonly projects: Readonly<Record<string, Readonly<Record<string, FlatSeed>>>>;
}
export type Seed = FlatSeed | ProjectsSeed;

/** project → environment → key → value */
export type SeedPlan = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, string>>>;

/** Why a file that the user names can't be read, with the code that any command has for that. */
export function unreadable(error: unknown, path: string): ZvaultError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new ZvaultError('NOT_FOUND', `cannot read ${path}: no such file`, { cause: error });
  return new ZvaultError('INPUT_INVALID', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
}

/**
 * Reads a YAML or JSON file.
 * @throws NOT_FOUND; INPUT_INVALID with file and line; never the text of the line
 */
export async function readSeedFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(error, path);
  }
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  // The "failsafe" reading keeps numbers and dates as they are written; JSON is YAML.
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  const [problem] = document.errors;
  if (problem) {
    throw new ZvaultError(
      'INPUT_INVALID',
      `${path}:${lines.linePos(problem.pos[0]).line}: not valid YAML (${problem.code})`,
      {
        hint: 'write KEY: value lines, or projects: {<slug>: {<environment>: {KEY: value}}}',
      },
    );
  }
  return document.toJS({ mapAsMap: true }) as unknown;
}

/** @throws INPUT_INVALID naming the place, never a value */
export function planSeed(seed: unknown, defaults: { project: string; environment: string }): SeedPlan {
  const top = entriesOf(seed, 'the seed');
  const projects = top.length === 1 && top[0]?.[0] === 'projects' && isMap(top[0][1]) ? top[0][1] : undefined;
  if (projects === undefined)
    return new Map([[defaults.project, new Map([[defaults.environment, flat(seed, 'the seed')]])]]);
  return new Map(
    entriesOf(projects, 'projects').map(([project, environments]) => [
      slug(project, 'projects'),
      new Map(
        entriesOf(environments, `projects.${project}`).map(([environment, secrets]) => [
          slug(environment, `projects.${project}`),
          flat(secrets, `projects.${project}.${environment}`),
        ]),
      ),
    ]),
  );
}

function flat(value: unknown, place: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, scalar] of entriesOf(value, place)) {
    const text = scalarText(scalar);
    if (text === undefined) throw invalid(`${place}.${key} must be a text, a number or a boolean`);
    const problem = keyProblem(key) ?? valueProblem(text);
    if (problem !== undefined) throw invalid(`${place}: ${problem}`);
    found.set(key, text);
  }
  return found;
}

function scalarText(value: unknown): string | undefined {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function entriesOf(value: unknown, place: string): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (!isMap(value)) throw invalid(`${place} must be a map`);
  const entries: [unknown, unknown][] = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return entries.map(([key, part]) => [String(key as Scalar), part]);
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function slug(text: string, place: string): string {
  const problem = slugProblem(text);
  if (problem !== undefined) throw invalid(`${place}: ${problem}`);
  return text;
}

function invalid(what: string): ZvaultError {
  return new ZvaultError('INPUT_INVALID', what, {
    hint: 'write KEY: value lines, or projects: {<slug>: {<environment>: {KEY: value}}}',
  });
}
