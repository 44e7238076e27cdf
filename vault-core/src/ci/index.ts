export { emit, type EmitOptions, encodePlan, type Sink } from './emit.ts';
export { encode, type EncodeOptions, type Format, formats, type Pair, setsVariables } from './encode.ts';
export { type CiCode, ciCatalogue, ciCodeOf, ciError } from './errors.ts';
export { maskAll, maskedTexts, maskPlan, maxMasksPerSecret } from './mask-plan.ts';
export { isReservedInCi } from './names.ts';
export { type CiOptionName, type CiOptions, ciOptions, parseBoolean, parseCiOptions, parseList } from './options.ts';
export { makePlan, namesAfter, namesVariable, type Plan, type PlannedVariable, type PlanUse } from './plan.ts';
export type { CiWorld, IdTokenRequest, Platform } from './platform.ts';
export { detectPlatform, platforms } from './platforms/index.ts';
export {
  contextOf,
  type Fetched,
  fetchValues,
  openSession,
  referencesOf,
  revoke,
  type Session,
  type Target,
} from './session.ts';
