// Tells words from chance. A table of letter pairs, made from identifiers and prose, says how usual a run of letters is.

/** How usual each pair of letters is, 0 (never) to 9: a row for each first letter, a column for each second. */
const pairs =
  '27872461604968060879554241' +
  '61316000520710510542600030' +
  '70518007606610910638500030' +
  '62149231800421620451510030' +
  '74896652422779464997364741' +
  '50116500700400600523400040' +
  '50107035600425400541400000' +
  '70007002600121600524400020' +
  '66867660003779860688160305' +
  '30004000100000300030300000' +
  '30016000500202110051200010' +
  '72259311802711730055530070' +
  '84018010700351670041400020' +
  '72788591714325630289541041' +
  '45663442414779560966766321' +
  '70118014601620760856500020' +
  '00000000000100000000500000' +
  '83659340805465830677542060' +
  '60629306704432662279712040' +
  '80539227900522730876503060' +
  '56545340501657150767000100' +
  '60008000600000400010000000' +
  '50005004500204400430000000' +
  '20304000300000050005000000' +
  '32103000300334350142000000' +
  '30005000300000100000000001';

const letterRun = /[A-Z]?[a-z]{2,}|[A-Z]{3,}/g;
/** Mean score of the pairs above which a run of so many letters is taken for a word. */
const wordScore = (length: number): number => (length <= 4 ? 5 : length <= 8 ? 4.6 : 4.3);

/** The share (0 to 1) of the text's characters that belong to words of three letters or more. */
export function wordShare(text: string): number {
  let inWords = 0;
  for (const [run] of text.matchAll(letterRun)) {
    if (run.length >= 3 && isWord(run)) inWords += run.length;
  }
  return text.length === 0 ? 1 : inWords / text.length;
}

function isWord(run: string): boolean {
  const letters = run.toLowerCase();
  let score = 0;
  for (let i = 1; i < letters.length; i++) {
    score += Number(pairs[(letters.charCodeAt(i - 1) - 97) * 26 + letters.charCodeAt(i) - 97]);
  }
  return score / (letters.length - 1) >= wordScore(letters.length);
}

/** True for a text that looks drawn by chance: few words in it, and letters mixed with digits, or of both cases, or rare pairs. */
export function looksRandom(text: string): boolean {
  const share = wordShare(text);
  if (share > 0.55) return false;
  const digits = text.replace(/[^0-9]/g, '').length;
  const letters = text.replace(/[^A-Za-z]/g, '').length;
  if (letters === 0) return false;
  if (digits > 0) return letters >= 2;
  return text.length >= 12 && share < 0.4;
}
