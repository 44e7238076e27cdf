// Credentials that vendors publish in their own documentation or emulators. They are kept as checksums, so that this file holds
// no text that looks live.

import { crc32 } from '../checks/crc32.ts';

/**
 * Length and CRC-32 of each: AWS's two documentation pairs, Stripe's test keys, Azurite's and the Cosmos emulator's account keys,
 * jwt.io's tokens, the keys of Firebase's sample projects and of Google Maps' pages, the one-time password secret of everybody's
 * example, RFC 6749, 6750, 7519 and 7617; the MD5, SHA-1 and SHA-256 of nothing and of words that everybody hashes.
 */
const examples = new Set<string>([
  '20:fa271ce2',
  '20:2c3bad7',
  '40:fb0a6008',
  '40:9855da43',
  '32:776de070',
  '32:396d8142',
  '32:8bb4b6ef',
  '32:d3c1b64',
  '88:b4cbd586',
  '88:87707360',
  '155:cea67886',
  '172:5771bcf5',
  '149:6d0d2fc4',
  '39:98bd00d1',
  '39:fe8db045',
  '53:187c3ff4',
  '20:a4fad06b',
  '28:7a77589d',
  '24:ad2b0a04',
  '24:2f1ff868',
  '15:fc657b9',
  '22:9e49269d',
  '21:cbe69404',
  '22:e0318833',
  '10:494bda51',
  '29:718ca695',
  '39:7aa120d5',
  '39:6b66e8a8',
  '39:6159ac90',
  '39:6b9463f8',
  '39:3c5d7fda',
  '39:fbc47221',
  '39:5c298136',
  '39:afe8ff3e',
  '39:3627aa84',
  '39:1f358cbe',
  '39:94bb94f9',
  '39:6a4f7820',
  '39:8394327',
  '39:ffddd189',
  '39:202f468f',
  '16:2cded043',
  '39:b4a1ffd1',
  '32:43be58cc',
  '40:76cf21c4',
  '64:31afd2d2',
  '32:21ffd4cb',
  '40:45d45c08',
  '64:94e734a0',
  '32:fece0556',
  '40:9c61caf0',
  '64:e543b9e',
  '32:b6c5605',
  '40:7ba0e22',
  '64:3e3bd4c7',
  '32:e529b8ca',
  '40:ce7a2c71',
  '64:d0265066',
  '32:a63f5852',
  '40:8bba2bd4',
  '64:8766977d',
  '32:a7277606',
  '40:8b75e28',
  '64:1dbaf2bc',
  '32:b012fb8e',
  '40:ac91dad2',
  '64:be9a04fd',
]);

/** True if the secret is one that a vendor published as an example. */
export function isKnownExample(secret: string): boolean {
  return examples.has(`${secret.length}:${crc32(secret).toString(16)}`);
}
