// Which four bytes of a keyword are seldom seen elsewhere: the fewer places the filter stops at, the faster it is.

/** Characters, folded; every digit counts as 0, all that are not here are one more. */
const symbols = 'abcdefghijklmnopqrstuvwxyz0 "\'`=:/.,;(){}-_';

/**
 * How often one follows another in this repository's text: for each first one a row, with a column for each second one. The binary
 * logarithm of how often in a million, in base 36.
 */
const pairs = [
  '5abb48a3b39cbc1a3ccdb8b8948a8845768624543946',
  'a352b323893930a20762900190674744647525434555',
  'b285b43b94aa62d60b7c816070694632567728322545',
  'a769c755a45764b619a77431908c8965a79a89967689',
  'c7cc9b86876abd9aaddc6aacb18daa76b8aa9ba69889',
  'a3749930b22822b30a789220707b8631554539426535',
  '8452b357a046698518997400046a8742758988876567',
  'b333c202b34363a509698300504a7754967869847557',
  '86abaaa1335bbdca3acc483818572630455433424764',
  '4002a0002020009100a3438001220300100000020002',
  '5346c433800328451384770021383651646657624545',
  'a65ac754c15b53b715aba731a1296853848869825566',
  'c936c321a357959b24948100413a6740756648524445',
  'b6bcc9c5958a99b826ccaa51826caa7599997a856678',
  '7a9b8b9599bbceab0dabb8b7615a3630556535423554',
  'b637c248904a62b92b8b934361484751767538533556',
  '20001001000600110210a00000241413301204202002',
  'b69ad8a3c0899ad61bbba950a07b985386a989966568',
  'a4b3d63ab18956b967bd9591a57d9a75baba89977678',
  'c698d87dc56985c93cbab775b16d9a75a9ba8b968898',
  '987ab880910bac690bbb610302540310202100030223',
  'c263b312a00333811454233000874744756624555435',
  'b226911aa06679a309871232103a2530615537422534',
  '746374017125435b043b232670673741626526616544',
  '6541662263256a7a37a93481023b8854958968856768',
  '701280003002013100303a1104722420001000005132',
  '76555625322443532433523623da8953889996a39878',
  'dbcacc9ac9abbccc6ccdbbb469bgcdad89913b7dd97c',
  '979965548365887848a9674324875650c74a3274821a',
  'a89887877677798938998876578a686388aca4b7a849',
  '64665555525555560678554327595472566972856529',
  '322401020001011302331302036c653b11000315231b',
  '435236146022344604454422217e9521570003182328',
  '869895667876757808a858653569465339853367532b',
  '979899878879988949ab8772559a26301ab00625431a',
  '120100000061620600710000007d743000000002100c',
  '1000000000000001000000000009344000003030000d',
  'a8a9995787888889399a687203914b70075039ba0469',
  '000000000000000000000000000c5650a4bac6b89128',
  '867576468566787847785650039c8a6131640407a41c',
  '322110000010010100210001012b7895787ba6b8853c',
  '75756746766655673787665328982624010003256947',
  '85757724806455670678662201721622014502253555',
  '87979856a467697739997965257f78798b86787aa62c',
].map((row) => Array.from(row, (digit) => Number.parseInt(digit, 36)));

/** The same of each alone. */
const singles = pairs.map((row) => Math.log2(row.reduce((sum, one) => sum + 2 ** one, 0)));

/** The offset of the four bytes that are likely the rarest of `bytes` (folded, four or more). */
export function rarestGram(bytes: Uint8Array): number {
  const places = Array.from(bytes, symbolOf);
  let best = 0;
  let bestScore = Infinity;
  for (let offset = 0; offset + 4 <= bytes.length; offset++) {
    const score = commonness(places.slice(offset, offset + 4));
    if (score < bestScore) {
      bestScore = score;
      best = offset;
    }
  }
  return best;
}

/** Of four symbols, were each to depend on the one before alone. */
function commonness(gram: readonly number[]): number {
  let score = 0;
  for (let i = 1; i < gram.length; i++)
    score += pairs[gram[i - 1]!]![gram[i]!]! - (i === 1 ? 0 : singles[gram[i - 1]!]!);
  return score;
}

function symbolOf(byte: number): number {
  const character = byte === 0x7f ? '_' : String.fromCharCode(byte);
  const at = symbols.indexOf(/[0-9]/.test(character) ? '0' : character);
  return at === -1 ? symbols.length : at;
}
