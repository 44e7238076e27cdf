// A TCP proxy in front of a database, for tests that cut the line: silently, as a network does, or by closing the connections.

import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export interface CutProxy extends AsyncDisposable {
  /** The address of the database through the proxy. */
  readonly url: string;
  /** From now on nothing gets through, either way, and nobody is told. New connections are taken, and lead nowhere. */
  cut(): void;
  /** Lets new connections through. Those that were cut stay dead, as those of a machine that came back with another address. */
  heal(): void;
  /** When a message of the client holds `text`, it still gets through, but no answer: the connection ends then. Once. */
  loseAnswerTo(text: string): void;
  /** When a message of the client holds `text`, it does not get through: the connection ends. Once. */
  loseQuestion(text: string): void;
  /** How often the client's side has sent `text`. */
  count(text: string): number;
}

export async function startCutProxy(databaseUrl: string): Promise<CutProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const sent: string[] = [];
  let isCut = false;
  let loseAnswer: string | undefined;
  let loseQuestion: string | undefined;
  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    let dead = isCut;
    const end = (): void => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        if (!dead) end();
      });
    }
    client.on('data', (chunk) => {
      dead ||= isCut;
      if (dead) return;
      const text = chunk.toString('latin1');
      sent.push(text);
      if (loseQuestion !== undefined && text.includes(loseQuestion)) {
        loseQuestion = undefined;
        end();
        return;
      }
      if (loseAnswer !== undefined && text.includes(loseAnswer)) {
        loseAnswer = undefined;
        // The first answer says that the database has read it; when it closes, it has done it.
        dead = true;
        database.removeAllListeners('data');
        database.on('data', () => undefined);
        database.on('close', () => client.destroy());
        database.end(chunk);
        return;
      }
      database.write(chunk);
    });
    database.on('data', (chunk) => {
      dead ||= isCut;
      if (!dead) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(databaseUrl);
  own.port = String((server.address() as AddressInfo).port);
  own.hostname = '127.0.0.1';
  return {
    url: own.href,
    cut: () => {
      isCut = true;
    },
    heal: () => {
      isCut = false;
    },
    loseAnswerTo: (text) => {
      loseAnswer = text;
    },
    loseQuestion: (text) => {
      loseQuestion = text;
    },
    count: (text) => sent.reduce((sum, chunk) => sum + chunk.split(text).length - 1, 0),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
