// A job of CircleCI on this machine: commands of a packed orb are expanded with their parameters, and each `run` step is a shell of its own
// with BASH_ENV, as documented.
//
// Source: https://circleci.com/docs/reusing-config/, https://circleci.com/docs/env-vars/#using-parameters-and-bash-environment

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';

type Value = string | number | boolean;
type Step = string | Readonly<Record<string, unknown>>;

interface Parameter {
  readonly type: string;
  readonly default?: Value;
  readonly enum?: readonly string[];
}

interface OrbCommand {
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly steps: readonly Step[];
}

export interface Orb {
  readonly commands: Readonly<Record<string, OrbCommand>>;
  readonly jobs: Readonly<Record<string, OrbCommand>>;
}

export interface RunStep {
  readonly name: string;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
}

export function readOrb(text: string): Orb {
  return parse(text) as Orb;
}

/** The `run` steps of a command or job. @throws Error for a parameter that is not declared, missing, or of another type */
export function expandOrb(
  orb: Orb,
  name: string,
  given: Readonly<Record<string, unknown>>,
  section: 'commands' | 'jobs' = 'commands',
): RunStep[] {
  const command = orb[section][name];
  if (command === undefined) throw new Error(`no ${section} ${name}`);
  const declared = command.parameters ?? {};
  for (const parameter of Object.keys(given))
    if (!(parameter in declared)) throw new Error(`${name} takes no ${parameter}`);
  const values = Object.fromEntries(
    Object.entries(declared).map(([parameter, row]) => {
      const value = given[parameter] ?? row.default;
      if (value === undefined) throw new Error(`${name} needs ${parameter}`);
      if (row.type === 'enum' && !row.enum?.includes(value as string))
        throw new Error(`${parameter} is not one of its words`);
      return [parameter, value];
    }),
  );
  return command.steps.flatMap((step) => expandStep(orb, step, values));
}

function expandStep(orb: Orb, step: Step, values: Readonly<Record<string, unknown>>): RunStep[] {
  if (typeof step === 'string') return step === 'checkout' ? [] : expandOrb(orb, step, {});
  const [kind = '', body] = Object.entries(step)[0] ?? [];
  const filled = fill(body, values);
  if (kind === 'when') {
    const { condition, steps } = filled as { condition: unknown; steps: Step[] };
    return condition === false || condition === '' ? [] : steps.flatMap((one) => expandStep(orb, one, values));
  }
  if (kind === 'steps') return (filled as Step[]).flatMap((one) => expandStep(orb, one, {}));
  if (kind === 'run') {
    const run = (typeof filled === 'string' ? { command: filled } : filled) as {
      name?: string;
      command: string;
      environment?: Record<string, unknown>;
    };
    const environment = Object.entries(run.environment ?? {}).map(([name, value]) => [name, `${value as Value}`]);
    return [
      {
        name: run.name ?? '',
        command: run.command,
        environment: Object.fromEntries(environment) as Record<string, string>,
      },
    ];
  }
  return expandOrb(orb, kind, filled as Record<string, unknown>);
}

/** Parameters where they stand: a whole text keeps the type. @throws Error for one that is not declared */
function fill(value: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((one) => fill(one, values));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one, values)]));
  }
  if (typeof value !== 'string') return value;
  const lookUp = (name: string): unknown => {
    if (!(name in values)) throw new Error(`<< parameters.${name} >> is not declared`);
    return values[name];
  };
  const whole = /^<<\s*parameters\.([\w-]+)\s*>>$/.exec(value);
  if (whole !== null) return lookUp(whole[1] ?? '');
  return value.replaceAll(/<<\s*parameters\.([\w-]+)\s*>>/g, (_, name: string) => `${lookUp(name) as Value}`);
}

export interface CircleResult {
  readonly code: number | null;
  readonly log: string;
}

export class CircleJob implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'zvault-circle-'));
  readonly bashEnv = join(this.root, 'bash.env');
  readonly temp = join(this.root, 'tmp');
  readonly #env: Readonly<Record<string, string>>;
  readonly #bin: string;
  log = '';

  /** `zvault` is what the steps find on PATH. */
  constructor(zvault: string, env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
    this.#bin = join(this.root, 'bin');
    for (const folder of [this.temp, this.#bin]) mkdirSync(folder);
    this.program('zvault', `exec '${process.execPath}' '${zvault}' "$@"`);
  }

  /** Puts a program on the steps' PATH. */
  program(name: string, script: string): void {
    writeFileSync(join(this.#bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  async steps(steps: readonly RunStep[], shell: 'bash' | 'dash' = 'bash'): Promise<CircleResult> {
    let result: CircleResult = { code: 0, log: '' };
    for (const { command, environment } of steps) {
      const one = await this.run(command, environment, shell);
      result = { code: one.code, log: result.log + one.log };
      if (one.code !== 0) break;
    }
    return result;
  }

  async run(
    command: string,
    environment: Readonly<Record<string, string>> = {},
    shell: 'bash' | 'dash' = 'bash',
  ): Promise<CircleResult> {
    const args = shell === 'bash' ? ['-eo', 'pipefail', '-c', command] : ['-e', '-c', command];
    const path = [this.#bin, process.env['PATH'] ?? ''].join(delimiter);
    const child = spawn(shell, args, {
      cwd: this.root,
      env: {
        HOME: this.root,
        TMPDIR: this.temp,
        CIRCLECI: 'true',
        CI: 'true',
        BASH_ENV: this.bashEnv,
        ...this.#env,
        ...environment,
        PATH: path,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    // Background processes may hold the output open.
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    this.log += log;
    return { code, log };
  }

  /** The environment of the next step. dash reads no BASH_ENV by itself. */
  async environment(shell: 'bash' | 'dash' = 'bash'): Promise<Map<string, string>> {
    const file = join(this.root, 'environment');
    const source = shell === 'dash' && existsSync(this.bashEnv) ? '. "$BASH_ENV"; ' : '';
    await this.run(`${source}env -0 > '${file}'`, {}, shell);
    const entries = readFileSync(file, 'utf8').split('\0').slice(0, -1);
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
