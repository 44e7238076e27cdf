export { type Finding, type KnownHead, type LineClaim, LogCheck } from './audit/log-check.ts';
export { type Actor, anonymousActor, systemActor } from './actor.ts';
export { formatTimestamp, parseDurationSeconds, parseTimestampMs } from './duration.ts';
export {
  type ErrorCode,
  ZvaultError,
  type ZvaultErrorOptions,
  errorCodeOfWire,
  errorTable,
  isZvaultError,
  messageOf,
} from './errors.ts';
export { type Host, type Input, type Output, envSetting, processHost } from './host.ts';
export { type JsonText, compactJson } from './json-text.ts';
export {
  isEnvName,
  isReservedEnvName,
  isUuid,
  keyProblem,
  maxKeyBytes,
  maxValueBytes,
  nameProblem,
  slugOfName,
  slugProblem,
  textProblem,
  valueProblem,
} from './names.ts';
export { type Reference, formatReference, isReference, parseReference, referenceScheme } from './reference.ts';
export { Secret, isSecret } from './secret.ts';
export {
  type TokenKind,
  createToken,
  hasTokenPrefix,
  hashToken,
  tokenChecksum,
  tokenDisplayPrefix,
  tokenKind,
} from './token.ts';
export {
  type DotenvDocument,
  type DotenvEntry,
  type DotenvNotice,
  type ParseDotenvOptions,
  parseDotenv,
} from './dotenv.ts';
export { type FormatDotenvOptions, formatDotenv, formatDotenvValue } from './dotenv-format.ts';
export { type Matcher, compileMatcher, loadMatcher } from './matcher.ts';
export { asUint32, joinPieces, packArrays, packPieces, unpackArrays } from './packed-arrays.ts';
export { type RedactionStream, Redactor, redactionMark } from './redact.ts';
export { type ProofKey, challengeOf, confirmationCode, createProofKey } from './sign-in.ts';
export { formatShellExports, shellQuote } from './shell.ts';
export { zvaultVersion } from './version.ts';
