// What benches of a server share: the command in a process of its own, a bare node:http server that answers the same bytes in
// another, and load from a third.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ZvaultError } from '@zvault/core/domain';
import { type Figure, median } from './figure.ts';

/** An ordinary client, which is the limit itself before either server is; and raw sockets that cost less than either. */
const clients = { 'node:http client': 'load-http.mjs', 'raw sockets': 'load.mjs' } as const;

/** A server that takes longer for one request answers nothing. */
const answerMs = 10_000;

const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));

export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly url: URL;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly connections: number;
  /** Of each connection after an answer; only with raw sockets. @default none: as many requests as will be answered */
  readonly pauseMs?: number;
  /** Sent by POST. @default nothing, by GET */
  readonly body?: string;
}

/** `zvault dev` with an audit file. */
export async function startDev(): Promise<{ env: Record<string, string>; url: URL; stop: () => Promise<void> }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'zvault-bench-'));
  const args = [zvault, 'dev', '--json', '--audit', `file:${join(folder.path, 'audit.log')}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const env = JSON.parse(await firstLine(child)) as Record<string, string>;
  const stop = async (): Promise<void> => {
    await end(child);
    await folder.remove();
  };
  return { env, url: new URL(env['ZVAULT_URL'] ?? ''), stop };
}

/** Answers every request with these bytes, and the headers of an answer of the vault. */
export async function startBare(body: string): Promise<{ url: URL; stop: () => Promise<void> }> {
  const code = `const body = Buffer.from(process.argv[1]); const s = require('http').createServer((q, r) => {
    r.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY' });
    r.end(body); }).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', code, body], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { url: new URL(`http://127.0.0.1:${await firstLine(child)}`), stop: () => end(child) };
}

export async function load(client: string, options: LoadOptions): Promise<Load> {
  const { url, headers, ...others } = options;
  const lines = Object.entries({ ...headers, 'User-Agent': 'bench' }).map(([name, value]) => `${name}: ${value}\r\n`);
  const script = fileURLToPath(new URL(client, import.meta.url));
  const port = Number(url.port || 80);
  const child = spawn(process.execPath, [script], { stdio: 'pipe' });
  child.stdin.end(JSON.stringify({ ...others, host: url.hostname, port, headers: lines.join('') }));
  const [answer, problem] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (answer === '')
    throw new ZvaultError('UNAVAILABLE', `${url.origin} under load: ${options.path}: ${problem.trim()}`);
  return JSON.parse(answer) as Load;
}

/** Requests a second of two servers in turns, under both kinds of load, as ratio of the first to the second. */
export async function inTurns(
  name: string,
  ours: LoadOptions,
  theirs: LoadOptions,
  { rounds, bound, names = ['vault', 'bare'] }: { rounds: number; bound?: string; names?: readonly [string, string] },
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [kind, client] of Object.entries(clients)) {
    await load(client, ours);
    const pairs: (readonly [Load, Load])[] = [];
    for (let round = 0; round < rounds; round += 1)
      pairs.push([await load(client, ours), await load(client, theirs)] as const);
    const detail = (which: 0 | 1): string => {
      const perSecond = median(pairs.map((pair) => pair[which].perSecond));
      const p99 = median(pairs.map((pair) => pair[which].p99Ms));
      return `${names[which]} ${Math.round(perSecond)}/s, p99 ${p99.toFixed(2)} ms`;
    };
    figures.push({
      name: `${name}, ${kind}`,
      value: median(pairs.map(([one, two]) => one.perSecond / two.perSecond)),
      unit: '×',
      ...(bound === undefined ? {} : { bound }),
      detail: `${detail(0)}; ${detail(1)}`,
    });
  }
  return figures;
}

/** One request. @throws UNAVAILABLE when it is not answered with success */
export async function send(
  url: URL,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<string> {
  const message = request(new URL(path, url), {
    method,
    signal: AbortSignal.timeout(answerMs),
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
  });
  message.end(body === undefined ? undefined : JSON.stringify(body));
  const failed = (why: string): ZvaultError => new ZvaultError('UNAVAILABLE', `${method} ${url.origin}${path}: ${why}`);
  let response: IncomingMessage;
  let answer: string;
  try {
    [response] = (await once(message, 'response')) as [IncomingMessage];
    answer = await text(response);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    throw failed(code === 'ABORT_ERR' ? `no answer in ${answerMs / 1000} s` : `no answer (${code ?? name})`);
  }
  // On one line, whatever was answered.
  if ((response.statusCode ?? 500) >= 300)
    throw failed(`${response.statusCode} ${answer.replaceAll(/\s+/g, ' ').trim().slice(0, 200)}`);
  return answer;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return line;
}
