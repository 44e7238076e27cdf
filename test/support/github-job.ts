// A job of GitHub Actions on this machine: steps that use an action's committed bundle, steps that run a script, and the post steps in
// reverse order; the runner's files, commands, masker and debug output.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { parseRunnerFile } from './runner-files.ts';
import { RunnerMasker } from './runner-masker.ts';

export interface StepResult {
  readonly code: number | null;
  /** What the step wrote, with nothing hidden: only for asserting order. */
  readonly raw: string;
  /** What a person sees of it. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The text that was in GITHUB_ENV when the step had ended. */
  readonly envFile: string;
}

export interface JobOptions {
  /** Variables of the job. */
  readonly env?: Readonly<Record<string, string>>;
  /** As with "Enable debug logging": state and variables are shown. */
  readonly debug?: boolean;
  readonly node?: string;
  readonly event?: { readonly name: string; readonly payload: unknown };
}

interface Post {
  readonly folder: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
}

interface ActionMetadata {
  readonly inputs?: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly main: string; readonly post?: string };
}

const names = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'] as const;

export class GithubJob implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'zvault-github-'));
  readonly workspace = join(this.root, 'workspace');
  readonly temp = join(this.root, 'temp');
  readonly masker = new RunnerMasker();
  /** Variables that steps have set. */
  readonly set = new Map<string, string>();
  readonly #options: JobOptions;
  readonly #paths: string[] = [];
  readonly #posts: Post[] = [];
  #log = '';
  #steps = 0;

  constructor(options: JobOptions = {}) {
    this.#options = options;
    for (const folder of [this.workspace, this.temp, join(this.root, 'files')]) mkdirSync(folder);
  }

  /** Everything that a person can see of the job so far. */
  get log(): string {
    return this.#log;
  }

  /** Runs an action from its folder. `without` leaves files of the runner out. */
  async uses(
    folder: string,
    inputs: Readonly<Record<string, string>> = {},
    step: { env?: Readonly<Record<string, string>>; without?: readonly string[]; killAfterMs?: number } = {},
  ): Promise<StepResult> {
    const metadata = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as ActionMetadata;
    const given = Object.entries({ ...defaultsOf(metadata), ...inputs }).map(
      ([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value] as const,
    );
    const env = { ...step.env, ...Object.fromEntries(given) };
    const { result, state } = await this.#run(
      [this.#options.node ?? process.execPath, join(folder, metadata.runs.main)],
      env,
      step,
    );
    if (metadata.runs.post !== undefined) this.#posts.push({ folder, script: metadata.runs.post, env, state });
    return result;
  }

  /** Runs a script as `run:` with `shell: bash`. */
  async run(script: string, env: Readonly<Record<string, string>> = {}): Promise<StepResult> {
    const file = join(this.root, `step-${this.#steps}.sh`);
    writeFileSync(file, script);
    return (await this.#run(['bash', '--noprofile', '--norc', '-eo', 'pipefail', file], env)).result;
  }

  /** The environment of the next step, byte for byte. */
  async environment(): Promise<Map<string, string>> {
    const file = join(this.root, 'environment');
    // Not through the log: that would be masked.
    await this.run(`env -0 > '${file}'`);
    const entries = readFileSync(file, 'utf8').split('\0').slice(0, -1);
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  }

  /** The post steps of all actions, the last first. */
  async finish(): Promise<StepResult[]> {
    const results: StepResult[] = [];
    for (const { folder, script, env, state } of this.#posts.splice(0).reverse()) {
      const states = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
      results.push(
        (await this.#run([this.#options.node ?? process.execPath, join(folder, script)], { ...env, ...states })).result,
      );
    }
    return results;
  }

  /** Names in the runner's temporary folder. */
  leftovers(): string[] {
    return readdirSync(this.temp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
    rmSync(this.root, { recursive: true, force: true });
  }

  async #run(
    [program = '', ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
    { without = [], killAfterMs }: { without?: readonly string[]; killAfterMs?: number } = {},
  ): Promise<{ result: StepResult; state: Record<string, string> }> {
    const { debug, event } = this.#options;
    const number = (this.#steps += 1);
    const files = new Map(names.map((name) => [name, join(this.root, 'files', `${name}-${number}`)]));
    for (const file of files.values()) writeFileSync(file, '');
    const eventFile = join(this.root, 'event.json');
    writeFileSync(eventFile, JSON.stringify(event?.payload ?? {}));
    const child = spawn(program, args, {
      cwd: this.workspace,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HOME: this.root,
        GITHUB_ACTIONS: 'true',
        CI: 'true',
        GITHUB_WORKSPACE: this.workspace,
        GITHUB_EVENT_NAME: event?.name ?? 'push',
        GITHUB_EVENT_PATH: eventFile,
        RUNNER_TEMP: this.temp,
        RUNNER_TOOL_CACHE: join(this.root, 'tools'),
        RUNNER_TRACKING_ID: `github_${number}`,
        ...(debug ? { RUNNER_DEBUG: '1' } : {}),
        ...this.#options.env,
        ...Object.fromEntries(this.set),
        ...env,
        PATH: [...this.#paths, process.env['PATH']].join(delimiter),
        ...Object.fromEntries([...files].filter(([name]) => !without.includes(name))),
      },
    });
    let raw = '';
    const from = this.#log.length;
    const read = (stream: NodeJS.ReadableStream): void => {
      let rest = '';
      stream.on('data', (chunk: Buffer) => {
        rest += chunk.toString();
        raw += chunk.toString();
        const lines = rest.split(/\r?\n/);
        rest = lines.pop() ?? '';
        for (const line of lines) this.#line(line);
      });
      stream.on('end', () => rest !== '' && this.#line(rest));
    };
    read(child.stdout);
    read(child.stderr);
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    const textOf = (name: (typeof names)[number]): string => readFileSync(files.get(name)!, 'utf8');
    const envFile = textOf('GITHUB_ENV');
    for (const [name, value] of this.#pairs('GITHUB_ENV', envFile)) {
      // Source: FileCommandManager.cs, _setEnvBlockList.
      if (name.toUpperCase() === 'NODE_OPTIONS') this.#show('Error: NODE_OPTIONS cannot be set');
      else this.set.set(name, value);
    }
    for (const path of textOf('GITHUB_PATH').split('\n')) if (path !== '') this.#paths.unshift(path);
    const outputs = Object.fromEntries(this.#pairs('GITHUB_OUTPUT', textOf('GITHUB_OUTPUT')));
    const state = Object.fromEntries(this.#pairs('GITHUB_STATE', textOf('GITHUB_STATE')));
    const summary = textOf('GITHUB_STEP_SUMMARY')
      .split('\n')
      .map((line) => this.masker.mask(line))
      .join('\n');
    return { result: { code, raw, log: this.#log.slice(from), outputs, summary, envFile }, state };
  }

  #pairs(file: string, text: string): readonly (readonly [string, string])[] {
    const { pairs, error } = parseRunnerFile(text);
    if (error !== undefined) this.#show(`Error: unable to process ${file}: ${error}`);
    if (this.#options.debug) for (const [name, value] of pairs) this.#show(`##[debug]${name}='${value}'`);
    return pairs;
  }

  #line(line: string): void {
    // `s`: a line separator of Unicode is no line break for the runner.
    const command = /^::([a-z-]+)(?: ([^:]*))?::(.*)$/s.exec(line);
    if (command === null) {
      this.#show(line);
      return;
    }
    const [, name = '', , data = ''] = command;
    const text = data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
    if (name === 'add-mask') this.masker.addMask(text);
    else if (name === 'debug') {
      if (this.#options.debug) this.#show(`##[debug]${text}`);
    } else this.#show(`##[${name}]${text}`);
  }

  /** The runner masks line by line. */
  #show(text: string): void {
    this.#log += text
      .split('\n')
      .map((line) => `${this.masker.mask(line)}\n`)
      .join('');
  }
}

function defaultsOf({ inputs = {} }: ActionMetadata): Record<string, string> {
  // Every input arrives, those that nobody has set as empty texts.
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default ?? '']));
}
