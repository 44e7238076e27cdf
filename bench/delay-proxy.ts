// A TCP proxy that holds every byte back for a while: a network with latency, on one machine.

import { type AddressInfo, connect, createServer } from 'node:net';

export interface DelayProxy {
  readonly port: number;
  close(): void;
}

/** `delayMs`: a round trip takes so much longer; half of it goes each way. */
export function delayProxy(port: number, delayMs: number): Promise<DelayProxy> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const later = (work: () => void): void => {
      setTimeout(work, delayMs / 2);
    };
    client.on('data', (chunk) => later(() => upstream.write(chunk)));
    upstream.on('data', (chunk) => later(() => client.write(chunk)));
    client.on('close', () => later(() => upstream.destroy())).on('error', () => upstream.destroy());
    upstream.on('close', () => later(() => client.destroy())).on('error', () => client.destroy());
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve({ port: (server.address() as AddressInfo).port, close: () => server.close() }),
    );
  });
}
