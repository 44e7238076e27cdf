// What may be a secret only because its name says so. The name is judged by the rule; here the value is.

import { shannonEntropy } from '../engine/entropy.ts';
import { isKnownExample } from '../engine/known-examples.ts';
import { isPlaceholder } from '../engine/placeholder.ts';
import { looksRandom, wordShare } from '../engine/words.ts';

const uuid = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;
/** Things that are long, odd and public: addresses, paths, versions, dates, digests with their name, public keys, encrypted values. */
const publicShapes = [
  uuid,
  /^[a-z][a-z0-9+.-]{1,20}:\/\//i,
  /^[A-Za-z]:\\|^#!\/|^@@.*@@$/,
  /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/,
  /^(?:Test|Fuzz|Benchmark|Example)[^\s/]*\/|^#\/|^(?:sha|md)\d+sum$|^\*[a-z*]+\*$/,
  /^v?\d+(?:\.\d+)+(?:[-+][\w.]+)?$/,
  /^\d{4}-\d\d-\d\d/,
  /^[\d\s.,:+-]+$|^[\d.()+*/^-]+[A-Za-z]?$|^_[a-z]+_?$/,
  /^(?:hmac-)?(?:sha(?:1|224|256|384|512)|md5|blake2b?|h1|sri)[-:=~]/i,
  /^\$(?:2[abxy]|argon2(?:id?|d)|scrypt|pbkdf2|5|6|1|y|apr1)\$|^(?:pbkdf2|bcrypt|argon2|scrypt|sha\d|md5)[\w-]{0,12}\$/,
  /^\{(?:SSHA|SHA|MD5|CRYPT|bcrypt|noop)/i,
  /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2)/,
  /^MI(?:IB|GJ|GfMA|IEI|ICI|IEp?Mf)[A-Za-z0-9+/]{20,}/,
  /^(?:ENC\[|ENC\(|AQICAH|vault:v\d|\$ANSIBLE_VAULT|CiQA|sops|age1|pk_|pk\.|pub[-_]|Ag[A-D][A-Za-z0-9+/]{60}|Ag[A-Za-z0-9+/]{250})/,
  /^(?:#(?:[0-9a-f]{3,8}|[a-z][a-z-]*)$|rgba?\(|hsl|0x[0-9a-f]{40}$)/i,
  /\\u(?!00(?:2[67b]|3[cde]))[0-9a-f]{4}/i,
  /\[[^\]]*[a-z0-9]-[a-z0-9][^\]]*\]|\(\?[:!=<]|\\[dwsSb]\b|\.[*+]\)/i,
  /^[A-Za-z_$][\w$]*\([\w.,:$'"[\]{}-]*\)$/,
  /^[\w.-]+:\d+(?:\.\d+)+$/,
  /^(?:arn|urn|data|projects|secret|vault|op|ssm|env|file|ref|awssm|gcpsm|doppler|keyvault|resolve)[:/]/i,
  /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/,
  /^[a-z]+\d{0,3}(?:[-_.][a-z]+\d{0,3})+(?:[-_.]?\d{1,12})?$/,
  /^(?:[\w@.-]+\/)+[\w@-]+(?:\.[a-z]{2,5}){1,3}$/,
  /\.[A-Za-z_]\w*\(/,
  /^[a-z]+(?:\|[a-z]+)+$/i,
  /^[\w-]+\.(?:json|ya?ml|pem|key|crt|cer|txt|tmpl|tpl|env|js|ts|py|go|java|xml|toml|cfg|conf|ini|md|html?|css|png|svg|jks|p12|pfx)$/i,
  /\.(?:com|org|net|io|dev|local|internal|amazonaws)(?:[:/]|$)/i,
];
/** The beginning of a call. */
const openCall = /^[A-Za-z_$][\w$]*\([\w.,:$'"[\]{}-]*$/;
const nothing =
  /^(?:true|false|null|none|nil|undefined|yes|no|on|off|enabled|disabled|required|optional|string|number|object|default|unset|empty|n\/a)$/i;
/** A word in the value that makes it an example, where only the name speaks for it. */
const exampleWord =
  /test|fake|dummy|mock|example|sample|demo|default|secret|passw|token|credential|foobar|foo[-_]|bar[-_]|-?key$|^key|abc123|123abc|1234|user|admin|config|local|value|string|random|custom|public|hash|pass$|^pass|author|bearer|letmein|welcome|staging/i;

/** What people choose: words and a number, `Falcon-549`, `mango_LANTERN_7358`, `Mango7012.Q`, `Invierno.22Topaz`. */
const wordsAndNumber =
  /^([A-Za-z]{3,24}(?:[-_.@+#&!*?][A-Za-z]{3,24}){0,4})[-_.@+#&!*?]?(\d{2,6})(?:[A-Z][a-z]{2,12}|[A-Za-z]{0,3})(?:[-_.!@#$%&*?+]{1,2}[A-Za-z]{0,2})?$/;

/** Words that servers, their parts and their versions are named by. */
const thing =
  /^(?:api|apps?|argon|aurora|backend|backup|base|bastion|blue|bucket|build|cache|central|cluster|core|data|database|deploy(?:ment)?|docker|east|elastic(?:search)?|engine|exporter|frontend|gateway|green|group|host|image|instance|internal|kafka|kube|lambda|legacy|linux|local|main|manager|master|mongo|mysql|network|nginx|node|north|operator|oracle|pipeline|pool|postgres|primary|prod(?:uction)?|project|proxy|python|queue|rabbit(?:mq)?|redis|region|release|replica|runner|secondary|server|service|shard|site|south|stack|stage|store|system|task|team|tier|ubuntu|vault|version|volume|west|work(?:er|space)?|zone)s?$/i;

/** Names of things (`app-server-12`) and of algorithms end in a number, too: a short one needs more words, or ones written as no name is. */
function isChosen(value: string): boolean {
  const [, letters = '', digits = ''] = wordsAndNumber.exec(value) ?? [];
  if (/(?:^|[-_.])(?:sha|aes|rsa|md|utf|iso|tls|ssl|ecdsa|ed)[-_]?$/i.test(letters)) return false;
  const words = letters.match(/[A-Z]?[a-z]+|[A-Z]+/g) ?? [];
  if (words.length === 1) return /^[A-Z][a-z]{4,}/.test(letters);
  if (words.length !== 2) return words.length >= 3;
  return digits.length >= 3 || /[A-Z]/.test(letters) || words.every((word) => word.length >= 4 && !thing.test(word));
}

/** True if a value named a password may be one: eight characters or more, not made up, not a word or an expression. */
export function passwordLike(value: string): boolean {
  if (value.length < 8 || value.length > 200 || /\s/.test(value)) return false;
  if (isAccented(value)) return false;
  const chosen = isChosen(value);
  if (isPublic(value, chosen ? [] : publicShapes)) return false;
  if (!chosen && !hasRandomPiece(value) && (isNameOfThing(value) || openCall.test(value))) return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  if (classes < 2) return value.length >= 16 && looksRandom(value) && shannonEntropy(value) >= 3.3;
  if (/^[A-Za-z]+$/.test(value) && wordShare(value) > 0.4) return false;
  const isSentence = /^[A-Za-z]*[a-z](?:[A-Z][a-z]+){3}[A-Za-z]*[!?]$/.test(value);
  if (!isSentence && /^[A-Za-z]+(?:[-_. ][A-Za-z]+)*[.:!?]?$/.test(value) && wordShare(value) > 0.5) return false;
  if (isExample(value) || isExample(plainLetters(value))) return false;
  return shannonEntropy(value) >= 2.5;
}

/** True if a value named a token, key or secret may be one: ten characters or more that look drawn by chance. */
export function tokenLike(value: string): boolean {
  if (value.length < 10 || value.length > 2000 || /\s/.test(value) || isAccented(value)) return false;
  if (isPublic(value) || isNameOfThing(value) || openCall.test(value)) return false;
  if (value.length < 32 && exampleWord.test(value)) return false;
  if (isMarked(value)) return true;
  return looksRandom(value) && shannonEntropy(value) >= (value.length < 16 ? 2.9 : 3);
}

/** As people choose a secret who were told to use capitals, digits and marks: `Thistle17!prairie44`, `Breeze-Quill-5075!`. */
function isMarked(value: string): boolean {
  return (
    value.length >= 12 &&
    /^[A-Za-z0-9._-]*[!#$%^*?+@][A-Za-z0-9._!#$%^*?+@-]*$/.test(value) &&
    /[A-Z]/.test(value) &&
    (value.match(/[A-Za-z]{4,}/g)?.length ?? 0) >= 2 &&
    /\d{2}/.test(value)
  );
}

/** A long value may have such a word by chance, or be all words. */
function isExample(value: string): boolean {
  return exampleWord.test(value) && (value.length < 24 || wordShare(value) > 0.6);
}

/** Words of a language with accents: `tu-contraseña-aquí`. */
function isAccented(value: string): boolean {
  return /[\x80-\xff]/.test(value) && !/\d/.test(value);
}

const plain: Readonly<Record<string, string>> = { '@': 'a', 4: 'a', $: 's', 5: 's', 0: 'o', 3: 'e', '!': 'i', 1: 'i' };

/** `P@55w0rd` with its letters put back. */
export function plainLetters(value: string): string {
  return value.replace(/[@4$503!1]/g, (letter) => plain[letter] ?? letter);
}

function isPublic(value: string, shapes: readonly RegExp[] = publicShapes): boolean {
  if (isForeignText(value)) return true;
  if (nothing.test(value) || isPlaceholder(value) || shapes.some((shape) => shape.test(value))) return true;
  return isPath(value) || isEncodedExample(value);
}

/** Words of a language that is written without Latin letters or spaces: a third of the bytes are none of ASCII. */
function isForeignText(value: string): boolean {
  let foreign = 0;
  for (let i = 0; i < value.length; i++) foreign += Number(value.charCodeAt(i) > 127);
  return foreign * 3 > value.length;
}

/** Base64 has slashes, too, but few words. */
function isPath(value: string): boolean {
  if (/^(?:\.{0,2}|~)\/[\w.@-]*(?:\/|$)/.test(value))
    return value.length < 32 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value) || wordShare(value) > 0.3;
  return /^\.?(?:[\w-]+\/){2,}[\w.-]+$/.test(value) && (value.length < 24 || wordShare(value) > 0.3);
}

/** A member of an object, `config.dbPassword`, or a phrase. */
function isNameOfThing(value: string): boolean {
  return /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+(?:\[.*)?$/.test(value) || isPhrase(value);
}

/** True if a piece between dashes and dots changes its kind of letter all the time, as no identifier does: `VLy6iJ0n`. */
export function hasRandomPiece(value: string): boolean {
  return value.split(/[-_.$]/).some((piece) => {
    const humps = piece.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g)?.length ?? 0;
    if (piece.length >= 12 && humps >= 4 && /\d/.test(piece) && wordShare(piece) < 0.2) return true;
    return piece.length > 4 && piece.length / humps < 2.5;
  });
}

/** Words and short pieces joined by dashes or dots: names of things, `k8s-prod-cluster`. */
function isPhrase(value: string): boolean {
  if (value.length > 40 || !/^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)+$/.test(value)) return false;
  const pieces = value.split(/[-_.]/);
  const letters = pieces.filter((piece) => /^[A-Za-z]+$/.test(piece)).join('').length;
  return pieces.every((piece) => piece.length <= 10 || wordShare(piece) > 0.6) && letters >= value.length / 2;
}

/** Base64 of a text that says of itself that it is an example. */
function isEncodedExample(value: string): boolean {
  if (!/^[A-Za-z0-9+/]{8,}={0,2}$/.test(value)) return false;
  const decoded = Buffer.from(value, 'base64').toString('latin1').trim();
  if (!/^[\x20-\x7e]{5,}$/.test(decoded)) return false;
  if (decoded.length < 24 && exampleWord.test(decoded)) return true;
  return isPlaceholder(decoded) || isKnownExample(decoded) || /^ENC[[(]/.test(decoded);
}
