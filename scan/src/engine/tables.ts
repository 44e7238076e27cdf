// The filter's tables, made from the rules' keywords: the memory image of wasm-filter.ts, and for each gram the keywords it may
// belong to. Making them takes 80 ms, more than a whole scan of staged files, so the hook's bundle carries them ready-made.

import type { Rule } from '../rule.ts';
import { expandKeyword } from './keyword.ts';
import { GuardTable } from './guard-table.ts';
import { rarestGram } from './rarity.ts';
import { entryLayout, hashOfBitmap, hashOfGrams, layout, mostEntries } from './wasm-filter.ts';
import { wrappedKeywords } from './wrapped.ts';

/** What a keyword stands for: a rule tried at this place, a rule about an assignment, or Base64 (`index` is its alignment then). */
export interface Meaning {
  readonly kind: 'rule' | 'assigned' | 'wrapped';
  readonly index: number;
}

const meaningKinds = ['rule', 'assigned', 'wrapped'] as const;
/** Bytes of the image: bitmap and grams. */
const imageBytes = layout.outPointer;
const slotCount = 1 << layout.gramBits;

/** A keyword as it stands in the tables. */
export interface Entry {
  /** Folded to lower case. */
  readonly bytes: Uint8Array;
  /** Where its gram stands in it. */
  readonly offset: number;
  /** Where it stands in the filter's memory: keywords with the same gram are tried in this order. */
  readonly address: number;
  readonly meanings: readonly Meaning[];
}

/**
 * Layout: image; what the filter has from `layout.slots` on: for each slot the position of its entries as u32 (0: none), relative
 * to the start of this list; entries (`entryLayout`; a meaning is kind << 14 | index), each group ended by a zero length; the guards'
 * table; where that stands, relative to the start of the list, as u32.
 */
export class Tables {
  readonly bytes: Buffer;
  readonly image: Buffer;
  readonly slots: Buffer;
  /** Where the guards' table stands in the filter's memory. */
  readonly guards: number;
  readonly #entries = new Map<number, Entry>();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.image = bytes.subarray(0, imageBytes);
    this.slots = bytes.subarray(imageBytes);
    this.guards = layout.slots + this.slots.readUInt32LE(this.slots.length - 4);
  }

  /** The entry at an address in the filter's memory. Read at the first use. */
  entryAt(address: number): Entry {
    let entry = this.#entries.get(address);
    if (entry === undefined) this.#entries.set(address, (entry = this.#read(address)));
    return entry;
  }

  #read(address: number): Entry {
    const { slots } = this;
    const at = address - layout.slots;
    const begin = at + entryLayout.bytes;
    const end = begin + slots[at]!;
    const meanings: Meaning[] = [];
    for (let i = 0; i < slots[at + entryLayout.meanings]!; i += 1) {
      const code = slots.readUInt16LE(end + 2 * i);
      meanings.push({ kind: meaningKinds[code >>> 14] ?? 'rule', index: code & 0x3fff });
    }
    return { bytes: slots.subarray(begin, end), offset: slots[at + entryLayout.offset]!, address, meanings };
  }
}

/** Bytes of the longest keyword of the rules' tables. */
export function longestKeyword(rules: readonly Rule[]): number {
  let longest = 0;
  for (const rule of rules)
    for (const keyword of rule.keywords)
      longest = Math.max(longest, ...expandKeyword(keyword).map((text) => text.length));
  for (const [text] of wrappedKeywords(rules)) longest = Math.max(longest, text.length);
  return longest;
}

/** Makes the tables of the rules; an index in them is a position in `rules`. */
export function buildTables(rules: readonly Rule[]): Tables {
  const meanings = new Map<string, Meaning[]>();
  const add = (text: string, meaning: Meaning): void => {
    const known = meanings.get(text);
    if (known === undefined) meanings.set(text, [meaning]);
    else if (!known.some((other) => other.kind === meaning.kind && other.index === meaning.index)) known.push(meaning);
  };
  rules.forEach((rule, index) => {
    for (const keyword of rule.keywords)
      for (const text of expandKeyword(keyword))
        add(fold(text), { kind: rule.assigned === true ? 'assigned' : 'rule', index });
  });
  for (const [text, shift] of wrappedKeywords(rules)) add(fold(text), { kind: 'wrapped', index: shift });
  const guards = new GuardTable(rules);
  const guardKeys = new Map([...meanings].map(([text, list]) => [text, guards.add(text, list)]));
  const table = guards.write();
  const image = Buffer.alloc(imageBytes);
  const slots: Buffer[][] = Array.from({ length: slotCount }, () => []);
  for (const [text, list] of meanings) {
    const bytes = Buffer.from(text, 'latin1');
    const offset = rarestGram(bytes);
    const slot = enter(image, bytes.readInt32LE(offset));
    const codes = Buffer.alloc(list.length * 2);
    list.forEach(({ kind, index }, i) => codes.writeUInt16LE((meaningKinds.indexOf(kind) << 14) | index, 2 * i));
    const record = table.at.get(guardKeys.get(text) ?? '') ?? 0;
    const header = [bytes.length, offset, list.length, record & 0xff, record >> 8];
    slots[slot]?.push(Buffer.concat([Buffer.from(header), bytes, codes]));
  }
  const positions = Buffer.alloc(slotCount * 4);
  const groups: Buffer[] = [];
  let position = positions.length;
  slots.forEach((entries, slot) => {
    if (entries.length === 0) return;
    if (entries.length > mostEntries) throw new RangeError('too many keywords have the same rare bytes');
    positions.writeUInt32LE(position, slot * 4);
    const group = Buffer.concat([...entries, Buffer.from([0])]);
    groups.push(group);
    position += group.length;
  });
  const tableAt = Buffer.alloc(4);
  tableAt.writeUInt32LE(position);
  return new Tables(Buffer.concat([image, positions, ...groups, table.bytes, tableAt]));
}

/** Puts a gram into the image. Returns its slot. */
function enter(image: Buffer, gram: number): number {
  const product = Math.imul(gram, hashOfBitmap);
  const hash = product >>> (32 - layout.bitmapBits);
  const word = layout.bitmap + 4 * (hash >>> 5);
  image.writeInt32LE(image.readInt32LE(word) | (1 << (product & 31)), word);
  let slot = Math.imul(gram, hashOfGrams) >>> (32 - layout.gramBits);
  for (;;) {
    const at = layout.grams + slot * 4;
    const known = image.readInt32LE(at);
    if (known === 0) image.writeInt32LE(gram, at);
    if (known === 0 || known === gram) return slot;
    slot = (slot + 1) & (slotCount - 1);
  }
}

/** As the filter folds text: every byte with bit 5 set. */
function fold(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) | 0x20;
  return bytes.toString('latin1');
}
