// The checksum of Bech32, the alphabet of age's secret keys. Source: BIP-173, https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** True if the text (one case throughout) ends in its own checksum. */
export function isBech32(text: string): boolean {
  const lower = text.toLowerCase();
  const mark = lower.lastIndexOf('1');
  const values = valuesOf(lower.slice(mark + 1));
  return mark > 0 && values !== undefined && polymod([...expand(lower.slice(0, mark)), ...values]) === 1;
}

/** The six characters that make `prefix1data` complete. */
export function bech32Checksum(prefix: string, data: string): string {
  const sum = polymod([...expand(prefix.toLowerCase()), ...(valuesOf(data.toLowerCase()) ?? []), 0, 0, 0, 0, 0, 0]) ^ 1;
  return [25, 20, 15, 10, 5, 0].map((shift) => alphabet[(sum >>> shift) & 31]).join('');
}

function valuesOf(data: string): number[] | undefined {
  const values = Array.from(data, (letter) => alphabet.indexOf(letter));
  return values.includes(-1) ? undefined : values;
}

function expand(prefix: string): number[] {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    generators.forEach((generator, bit) => {
      if ((top >>> bit) & 1) sum ^= generator;
    });
  }
  return sum;
}
