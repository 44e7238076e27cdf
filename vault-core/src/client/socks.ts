// SOCKS5: a tunnel to the server, with or without user and password.
// Source: RFC 1928 (protocol), RFC 1929 (log-in).

import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ZvaultError } from '../domain/errors.ts';
import { type ProxyRoute, tooSlow } from './proxy.ts';

const failures: Readonly<Record<number, string>> = {
  1: 'the proxy failed',
  2: "the proxy's rules forbid the connection",
  3: 'the network is unreachable from the proxy',
  4: 'the server is unreachable from the proxy',
  5: 'the server refused the connection from the proxy',
  6: 'the way from the proxy to the server is too long',
  7: 'the proxy opens no connections',
  8: 'the proxy does not know this kind of address',
};

/** A connected socket to the server. @throws CONNECTION_FAILED, TIMEOUT */
export async function openSocksTunnel(route: ProxyRoute, opening: Set<Duplex>): Promise<Socket> {
  const { proxy, base } = route;
  const address = proxy.remoteNames || isIP(base.hostname) !== 0 ? base.hostname : await resolveName(base.hostname);
  const socket = connect({ host: proxy.hostname, port: proxy.port, noDelay: true });
  opening.add(socket);
  const timer = setTimeout(() => socket.destroy(tooSlow('the proxy')), route.timeoutMs);
  try {
    await connected(socket);
    await greet(socket, proxy.login);
    socket.write(connectRequest(address, base.port));
    const [, code = 1, , kind] = await read(socket, 4);
    if (code !== 0) throw refused(failures[code] ?? `the proxy answered ${code}`, [2, 7, 8].includes(code));
    await read(socket, (await boundAddressBytes(socket, kind)) + 2);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    opening.delete(socket);
  }
}

async function resolveName(hostname: string): Promise<string> {
  return (await lookup(hostname)).address;
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

async function greet(socket: Socket, login: ProxyRoute['proxy']['login']): Promise<void> {
  socket.write(Buffer.from(login === undefined ? [5, 1, 0] : [5, 2, 0, 2]));
  const [version, method] = await read(socket, 2);
  if (version !== 5) throw refused('the proxy does not speak SOCKS5');
  if (method === 0) return;
  if (method !== 2 || login === undefined) throw refused('the proxy asks for a log-in');
  const user = Buffer.from(login.user);
  const password = Buffer.from(login.password.expose());
  if (user.length > 255 || password.length > 255)
    throw refused("the proxy's user and password are too long for SOCKS5");
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
  const [, status] = await read(socket, 2);
  if (status !== 0) throw refused('the proxy refused the log-in');
}

function connectRequest(address: string, port: number): Buffer {
  const target = Buffer.alloc(2);
  target.writeUInt16BE(port);
  return Buffer.concat([Buffer.from([5, 1, 0]), encodeAddress(address), target]);
}

function encodeAddress(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from([1, ...address.split('.').map(Number)]);
  if (isIP(address) === 6) return Buffer.concat([Buffer.from([4]), encodeIpv6(address)]);
  const name = Buffer.from(address);
  if (name.length > 255) throw refused("the server's name is too long for SOCKS5");
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

/** The 16 bytes of an IPv6 address as the URL parser or the resolver writes it. */
export function encodeIpv6(address: string): Buffer {
  // The URL parser's canonical form has hexadecimal groups only, with one `::` at most.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  const bytes = Buffer.alloc(16);
  all.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

async function boundAddressBytes(socket: Socket, kind: number | undefined): Promise<number> {
  if (kind === 1) return 4;
  if (kind === 4) return 16;
  if (kind === 3) return (await read(socket, 1))[0] ?? 0;
  throw refused('the proxy sent an answer that is not SOCKS5');
}

/** Exactly `count` bytes; what comes after them stays in the socket. */
function read(socket: Socket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      socket.off('readable', take);
      socket.off('error', fail);
      socket.off('end', ended);
      socket.off('close', ended);
      settle();
    };
    const take = (): void => {
      const chunk = socket.read(count) as Buffer | null;
      if (chunk !== null && chunk.length === count) finish(() => resolve(chunk));
    };
    const fail = (error: Error): void => finish(() => reject(error));
    const ended = (): void =>
      finish(() => reject(new ZvaultError('CONNECTION_FAILED', 'the proxy closed the connection')));
    socket.on('readable', take);
    socket.on('error', fail);
    socket.on('end', ended);
    socket.on('close', ended);
    take();
  });
}

/** `permanent`: trying again cannot help. */
function refused(message: string, permanent = true): ZvaultError {
  return new ZvaultError('CONNECTION_FAILED', message, {
    hint: 'check the proxy, its user and its password',
    details: { permanent },
  });
}
