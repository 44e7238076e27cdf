// A step of Bitbucket Pipelines on this machine: the pipe's image is read from its Dockerfile and its entry point run as a process, with
// the variables that the platform sets; then a script in the same clone.
//
// Source: https://support.atlassian.com/bitbucket-cloud/docs/write-a-pipe-for-bitbucket-pipelines/ and
// https://support.atlassian.com/bitbucket-cloud/docs/advanced-techniques-for-writing-pipes/ (lists as variables).

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';

type Variable = string | readonly string[];

export interface Image {
  /** Sources and target of each COPY. */
  readonly copies: readonly (readonly [sources: readonly string[], target: string])[];
  readonly entryPoint: readonly string[];
  readonly base: string;
}

/** @throws Error for an instruction that is not understood: nothing may be in the image that this does not see */
export function readDockerfile(text: string): Image {
  const copies: [string[], string][] = [];
  let entryPoint: string[] = [];
  let base = '';
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [instruction = '', ...words] = line.split(' ');
    if (instruction === 'COPY') copies.push([words.slice(0, -1), words.at(-1) ?? '']);
    else if (instruction === 'ENTRYPOINT') entryPoint = JSON.parse(words.join(' ')) as string[];
    else if (instruction === 'FROM') base = words.join(' ');
    else if (instruction !== 'ARG') throw new Error(`${instruction} is not expected`);
  }
  return { copies, entryPoint, base };
}

export interface PipeResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly log: string;
}

export class BitbucketStep implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'zvault-bitbucket-'));
  readonly clone = join(this.root, 'build');
  readonly temp = join(this.root, 'tmp');
  readonly shared = join(this.root, 'shared-variables');
  readonly #image: Image;
  readonly #known: ReadonlySet<string>;
  readonly #env: Readonly<Record<string, string>>;

  /** `repository` is the checkout that the image is built from, `pipe` the folder of the pipe in it. */
  constructor(repository: string, pipe: string, env: Readonly<Record<string, string>> = {}) {
    for (const folder of [this.clone, this.temp]) mkdirSync(folder);
    this.#image = readDockerfile(readFileSync(join(repository, pipe, 'Dockerfile'), 'utf8'));
    for (const [sources, target] of this.#image.copies) {
      for (const source of sources) {
        const file = join(this.root, 'image', target, basename(source));
        mkdirSync(dirname(file), { recursive: true });
        cpSync(join(repository, source), file);
      }
    }
    const metadata = parse(readFileSync(join(repository, pipe, 'pipe.yml'), 'utf8')) as {
      variables: { name: string }[];
    };
    this.#known = new Set(metadata.variables.map(({ name }) => name));
    this.#env = env;
  }

  /** Runs the pipe. @throws Error for a variable that it does not declare */
  async pipe(variables: Readonly<Record<string, Variable>>): Promise<PipeResult> {
    for (const name of Object.keys(variables))
      if (!this.#known.has(name)) throw new Error(`the pipe has no variable ${name}`);
    const given = Object.entries(variables).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string'
        ? [[name, value]]
        : [
            [`${name}_COUNT`, String(value.length)],
            ...value.map((item, index): [string, string] => [`${name}_${index}`, item]),
          ],
    );
    const [program = '', ...args] = this.#image.entryPoint.map((word) =>
      word.startsWith('/') ? join(this.root, 'image', word) : word,
    );
    return this.#spawn(program, args, Object.fromEntries(given));
  }

  /** Runs a script of the step. */
  script(shell: 'bash' | 'dash', script: string): Promise<PipeResult> {
    return this.#spawn(shell, ['-e', '-c', script], {});
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  async #spawn(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<PipeResult> {
    const child = spawn(program, args, {
      cwd: this.clone,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        HOME: this.root,
        TMPDIR: this.temp,
        CI: 'true',
        BITBUCKET_BUILD_NUMBER: '7',
        BITBUCKET_CLONE_DIR: this.clone,
        BITBUCKET_PIPE_STORAGE_DIR: join(this.root, 'storage'),
        BITBUCKET_PIPE_SHARED_STORAGE_DIR: join(this.root, 'shared'),
        BITBUCKET_PIPELINES_VARIABLES_PATH: this.shared,
        BITBUCKET_WORKSPACE: 'acme',
        BITBUCKET_REPO_UUID: '{11111111-1111-4111-8111-111111111111}',
        BITBUCKET_STEP_UUID: '{22222222-2222-4222-8222-222222222222}',
        ...this.#env,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, log] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      log += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, log };
  }
}
