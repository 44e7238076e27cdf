// Which addresses the server may connect to when it fetches an issuer's keys. The address comes from a file or from an
// issuer's answer; without this, whoever writes either could reach what only the server can reach (metadata services,
// neighbours, itself).

import { BlockList, isIP, isIPv4 } from 'node:net';
import { ZvaultError } from '../../domain/errors.ts';

/** Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890 and updates), 224.0.0.0/4 multicast (RFC 5771) */
const specialIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
// IPv6 is the other way round: global unicast is allowed, and all else (loopback, unique local, link-local, multicast, what is
// not assigned) refused. Two ranges stand for IPv4 addresses: mapped ones, and those of a NAT64 (RFC 6052 §2.1).
const ipv4InIpv6 = ['::ffff:', '64:ff9b::'];
const globalIpv6 = ['2000::/3', '::ffff:0:0/96', '64:ff9b::/96'];
/** Source: IANA IPv6 Special-Purpose Address Registry; 6to4 and Teredo carry an IPv4 address that we would have to check. */
const specialIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
const loopback = blockList(['127.0.0.0/8', '::1/128', '::ffff:127.0.0.0/104']);

const special = blockList([
  ...specialIpv4,
  ...specialIpv6,
  ...specialIpv4.flatMap((range) => ipv4InIpv6.map((prefix) => embedded(prefix, range))),
]);
const global = blockList(globalIpv6);

/** The addresses and hosts that an operator allows although they are not public. */
export interface AddressRules {
  /** May the server connect to `address`, to which `host` resolves (or which it is)? */
  permits(host: string, address: string): boolean;
}

/**
 * @param allowed addresses (`10.1.2.3`), ranges (`10.1.0.0/16`, `fd00::/8`) and exact host names (`idp.internal`)
 * @throws CONFIG_INVALID
 */
export function createAddressRules(allowed: readonly string[], allowLoopback: boolean): AddressRules {
  const ranges = allowed.filter((entry) => isRange(entry));
  const hosts = new Set(allowed.filter((entry) => !ranges.includes(entry)).map((entry) => checkedHost(entry)));
  const exceptions = blockList(ranges.map((entry) => (entry.includes('/') ? entry : `${entry}/${fullLength(entry)}`)));
  return {
    permits: (host, address) =>
      isPublicAddress(address) ||
      (allowLoopback && isLoopbackAddress(address)) ||
      hosts.has(normalHost(host)) ||
      contains(exceptions, address),
  };
}

/** True for an address that anybody on the Internet could reach. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !contains(special, address);
  return contains(global, address) && !contains(special, address);
}

/** True for an address of this machine itself. */
export function isLoopbackAddress(address: string): boolean {
  return contains(loopback, address);
}

/** An address with a zone (`fe80::1%eth0`) is in no range. */
function contains(list: BlockList, address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/');
    list.addSubnet(address, Number(length), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}

function embedded(prefix: string, range: string): string {
  const [address, length] = range.split('/');
  return `${prefix}${address}/${96 + Number(length)}`;
}

function isRange(entry: string): boolean {
  const [address = '', length, more] = entry.split('/');
  if (isIP(address) === 0) return false;
  if (length === undefined) return true;
  const valid = more === undefined && /^\d{1,3}$/.test(length) && Number(length) <= fullLength(address);
  if (!valid) throw new ZvaultError('CONFIG_INVALID', `the allowed address ${JSON.stringify(entry)} is no range`);
  return true;
}

function fullLength(address: string): number {
  return isIPv4(address) ? 32 : 128;
}

function checkedHost(entry: string): string {
  if (/^(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/.test(entry)) return normalHost(entry);
  throw new ZvaultError('CONFIG_INVALID', `the allowed address ${JSON.stringify(entry)} is no address, range or host`, {
    hint: 'write for example 10.1.2.3, 10.1.0.0/16 or idp.internal',
  });
}

function normalHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
