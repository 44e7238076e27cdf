// Reads a second of one server process, with authentication, access rules and audit on, beside a bare node:http server that
// answers the same bytes. Both run in processes of their own; the load comes from a third: once an ordinary client on node:http,
// which is the limit itself before either server is, and once raw sockets that cost less than either.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { getText } from '../scripts/get-text.ts';
import { type Bench, type Figure, median } from './figure.ts';

const zvault = fileURLToPath(new URL('../cli/bin/zvault.cjs', import.meta.url));
const clients = { 'node:http client': 'load-http.mjs', 'raw sockets': 'load.mjs' } as const;
const seconds = 3;
const connections = 16;
const rounds = 5;

interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

export const reads: Bench = {
  summary: `${connections} connections, ${seconds} s each, ${rounds} times in turn`,
  async run() {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-bench-'));
    const vault = spawn(
      process.execPath,
      [zvault, 'dev', '--json', '--audit', `file:${join(folder.path, 'audit.log')}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const settings = JSON.parse(await firstLine(vault)) as Record<string, string>;
    const url = new URL(settings['ZVAULT_URL'] ?? '');
    const path = `/v1/cloud/orgs/${settings['ZVAULT_ORG_ID']}/projects/${settings['ZVAULT_PROJECT_ID']}/envs/development/secrets/KEY`;
    const authorization = `Bearer ${settings['ZVAULT_SERVICE_TOKEN']}`;
    await put(url, path, authorization);
    const body = await getText(new URL(path, url), { headers: { authorization } });
    const bareCode = `const body = Buffer.from(process.argv[1]); const s = require('http').createServer((q, r) => {
      r.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
      r.end(body); }).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
    const bare = spawn(process.execPath, ['-e', bareCode, body], { stdio: ['ignore', 'pipe', 'inherit'] });
    const barePort = Number(await firstLine(bare));
    const load = async (client: string, port: number): Promise<Load> => {
      const headers = `Authorization: ${authorization}\r\nUser-Agent: bench\r\n`;
      const loader = fileURLToPath(new URL(client, import.meta.url));
      const options = { port, path, seconds, connections, headers };
      const { stdout } = await promisify(execFile)(process.execPath, [loader, JSON.stringify(options)]);
      return JSON.parse(stdout) as Load;
    };
    try {
      const figures: Figure[] = [];
      for (const [name, client] of Object.entries(clients)) {
        await load(client, Number(url.port));
        const pairs: { bare: Load; vault: Load }[] = [];
        for (let round = 0; round < rounds; round += 1) {
          pairs.push({ bare: await load(client, barePort), vault: await load(client, Number(url.port)) });
        }
        const detail = (who: 'bare' | 'vault'): string =>
          `${Math.round(median(pairs.map((pair) => pair[who].perSecond)))}/s, p99 ${median(pairs.map((pair) => pair[who].p99Ms)).toFixed(2)} ms`;
        figures.push({
          name: `reads beside bare node:http, ${name}`,
          value: median(pairs.map((pair) => pair.vault.perSecond / pair.bare.perSecond)),
          unit: '×',
          bound: '>0.7',
          detail: `vault ${detail('vault')}; bare ${detail('bare')}`,
        });
      }
      return figures;
    } finally {
      // Before the folder of its audit file goes.
      const ended = Promise.all([once(vault, 'exit'), once(bare, 'exit')]);
      vault.kill();
      bare.kill();
      await ended;
    }
  },
};

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return line;
}

async function put(url: URL, path: string, authorization: string): Promise<void> {
  const message = request(new URL(path, url), {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
  });
  message.end(JSON.stringify({ value: 'a value of usual length, 0123456789' }));
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  response.resume();
}
