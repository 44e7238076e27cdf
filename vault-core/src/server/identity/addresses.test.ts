import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createAddressRules, isLoopbackAddress, isPublicAddress } from './addresses.ts';

const strict = createAddressRules([], false);

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '2001:10::1',
  '2002:7f00:1::',
  '2002:0a00:0001::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  '',
  'localhost',
  '1.2.3',
  '01.2.3.4',
  '[::1]',
  '8.8.8.8%eth0',
  '2606:4700::1%eth0',
])('%j is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
  expect(strict.permits('idp.example', address)).toBe(false);
});

test.each([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80e::200e',
  '2001:4860:4860::8888',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
  expect(strict.permits('idp.example', address)).toBe(true);
});

const ipv4Number = (text: string): number => text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
const inRange = (address: string, range: string): boolean => {
  const [base = '', length] = range.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(ipv4Number(address) / size) === Math.floor(ipv4Number(base) / size);
};
const ipv4 = fc.oneof(
  fc.ipV4(),
  fc
    .tuple(fc.constantFrom(10, 100, 127, 169, 172, 192, 198, 203, 224), fc.nat(255), fc.nat(255), fc.nat(255))
    .map((parts) => parts.join('.')),
);

property.prop([ipv4])('an IPv4 address is judged alike in all its forms, and by arithmetic', (address) => {
  const special = [
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
    '224.0.0.0/3',
  ];
  const expected = !special.some((range) => inRange(address, range));
  const number = ipv4Number(address);
  const hex = `${Math.floor(number / 65_536).toString(16)}:${(number % 65_536).toString(16)}`;
  for (const form of [
    address,
    `::ffff:${address}`,
    `::ffff:${hex}`,
    `64:ff9b::${address}`,
    `0064:ff9b:0:0:0:0:${hex}`,
  ]) {
    expect([form, isPublicAddress(form)]).toEqual([form, expected]);
  }
});

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['::ffff:127.0.0.1', true],
  ['128.0.0.1', false],
  ['0.0.0.0', false],
  ['::', false],
  ['::2', false],
  ['10.0.0.1', false],
  ['localhost', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
  expect(createAddressRules([], true).permits('x', address)).toBe(expected || isPublicAddress(address));
});

test('allowed addresses, ranges and hosts, and nothing beside them', () => {
  const rules = createAddressRules(['10.1.2.3', '192.168.0.0/16', 'fd00:1::/32', 'fd00:2::7', 'IDP.internal.'], false);
  const table: readonly [string, string, boolean][] = [
    ['a', '10.1.2.3', true],
    ['a', '10.1.2.4', false],
    ['a', '192.168.77.1', true],
    ['a', '192.169.0.1', true],
    ['a', '172.16.0.1', false],
    ['a', 'fd00:1:ffff::1', true],
    ['a', 'fd00:2::7', true],
    ['a', 'fd00:2::8', false],
    ['idp.internal', '10.9.9.9', true],
    ['idp.Internal.', '10.9.9.9', true],
    ['x.idp.internal', '10.9.9.9', false],
    ['idp.internal.evil.example', '10.9.9.9', false],
    ['a', '127.0.0.1', false],
  ];
  for (const [host, address, expected] of table)
    expect([host, address, rules.permits(host, address)]).toEqual([host, address, expected]);
});

test.each([
  '',
  ' ',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  'fd00::/129',
  '*.internal',
  'a b',
  'http://idp',
  'idp:443',
  '[::1]',
])('%j is no allowed address', (entry) => {
  expect(() => createAddressRules([entry], false)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
