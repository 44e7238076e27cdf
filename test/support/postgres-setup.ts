// One PostgreSQL server for all test files of a run, started when the first of them asks for it. The files run in other threads
// and processes, so they ask over http; what they get is the address, or why there is none.

import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresBroker: string;
  }
}

let server: Promise<PostgresServer> | undefined;
let broker: Server | undefined;

export async function setup(project: TestProject): Promise<void> {
  broker = createServer((_request, response) => {
    server ??= startPostgres();
    server.then(
      ({ url }) => response.end(JSON.stringify({ url })),
      (error: unknown) => response.end(JSON.stringify({ reason: String(error) })),
    );
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  project.provide('postgresBroker', `http://127.0.0.1:${(broker.address() as AddressInfo).port}`);
}

export async function teardown(): Promise<void> {
  broker?.close();
  await server?.then(
    (started) => started.stop(),
    () => undefined,
  );
}
