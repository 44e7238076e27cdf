// The forms in which ciphertexts rest in the store, for those who must encrypt them again. What writes a form of its own adds it here;
// until then its old keys are kept, since their ids still stand in it.

import { decrypt, encrypt, keyIdOf } from '../crypto/cipher.ts';
import { freshenSecret, sealedPartOf } from '../cloud/secret-record.ts';
import type { Keyring, KeyOwner } from '../keyring.ts';
import type { EnvironmentRecord, Records } from '../records.ts';
import { keys } from '../store/keys.ts';
import type { Entry, Transaction } from '../store/store.ts';

interface FormContext {
  readonly transaction: Transaction;
  readonly keyring: Keyring;
  readonly records: Records;
}

export interface StoredForm {
  /** Of the store keys that it rests at. */
  readonly prefix: string;
  /** The ciphertext in the value; `undefined` when it is not of this form. */
  sealedPart(value: Buffer): Buffer | undefined;
  /** The value under the owner's current key. @throws INTERNAL when it does not open */
  freshen(context: FormContext, entry: Entry, owner: KeyOwner): Promise<Buffer>;
}

/** Bytes in front of a deleted secret: when it was deleted. */
const timeLength = 8;

const secret = (prefix: string, front = 0): StoredForm => ({
  prefix,
  sealedPart: (value) => sealedPartOf(value.subarray(front)),
  async freshen({ transaction, keyring, records }, { key, value }) {
    const environmentId = key.slice(prefix.length, key.indexOf('/', prefix.length));
    const place = await records.read<EnvironmentRecord>(transaction, keys.environment(environmentId));
    // Its environment is being erased; so is it.
    if (!place) return value;
    const fresh = await freshenSecret(transaction, keyring, place, value.subarray(front));
    return front === 0 ? fresh : Buffer.concat([value.subarray(0, front), fresh]);
  },
});

/** The value is one ciphertext, bound to its store key: every record of the system. */
const record: StoredForm = {
  prefix: '',
  sealedPart: (value) => value,
  async freshen({ transaction, keyring }, { key, value }, owner) {
    const plaintext = decrypt(await keyring.keyOf(transaction, owner, value), key, value);
    const fresh = encrypt(await keyring.current(transaction, owner), key, plaintext);
    plaintext.fill(0);
    return fresh;
  },
};

const forms: readonly StoredForm[] = [
  secret('deletedsecret/', timeLength),
  secret('history/'),
  secret('secret/'),
  // Everything else.
  record,
];

export function formOf(key: string): StoredForm {
  return forms.find(({ prefix }) => key.startsWith(prefix)) ?? record;
}

/** The id of the key that the entry's ciphertext names, if the entry has one. */
export function keyIdIn({ key, value }: Entry): string | undefined {
  const sealed = formOf(key).sealedPart(value);
  if (!sealed) return undefined;
  try {
    return keyIdOf(sealed);
  } catch {
    return undefined;
  }
}
