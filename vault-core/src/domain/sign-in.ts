// What a command and the sign-in page share: the proof that they belong together.

import { nodeCrypto } from './builtin.ts';

/** Proof key of one sign-in: the challenge travels, the verifier stays with the command. Source: RFC 7636 §4 (S256) */
export interface ProofKey {
  readonly verifier: string;
  readonly challenge: string;
}

export function createProofKey(random: (count: number) => Buffer = nodeCrypto().randomBytes): ProofKey {
  const verifier = random(32).toString('base64url');
  return { verifier, challenge: challengeOf(verifier) };
}

export function challengeOf(verifier: string): string {
  return nodeCrypto().hash('sha256', verifier, 'base64url');
}

/** Without letters that are taken for digits. Source: Crockford's base 32 */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Eight characters of a challenge, `XXXX-XXXX`: shown by the command and by the page, so that a person sees that the page
 * asks for their own command.
 */
export function confirmationCode(challenge: string): string {
  const bytes = nodeCrypto().hash('sha256', `zvault sign-in ${challenge}`, 'buffer');
  const text = Array.from(bytes.subarray(0, 8), (byte) => digits[byte & 31]).join('');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}
