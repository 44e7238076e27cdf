// What a CI platform is to us: how to know it, what it can do, and where its jobs get an identity token.

import type { Secret } from '../domain/secret.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the platforms need of the world. */
export interface CiWorld {
  readonly env: Environment;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Buffer;
  /** Runs a program of the platform and answers what it writes to stdout. Its output is never shown. */
  readonly run: (
    program: string,
    args: readonly string[],
  ) => Promise<{ readonly code: number; readonly stdout: string }>;
  /** Told of each credential the moment it is known, before it is used: for the platform's masker. */
  readonly onCredential: (credential: string) => void;
  /** Told of each value of the vault the moment it arrives: for a redactor. */
  readonly onValue: (value: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface IdTokenRequest {
  /** Who the token is for; undefined: what the platform gives without asking. */
  readonly audience: string | undefined;
  /** The one before was refused: another one, where the platform can make it. Vaults take each identity token once. */
  readonly again: boolean;
}

export interface Platform {
  readonly id: string;
  /** As its users write it. */
  readonly title: string;
  /** Can a job hide a value in its own log while it runs? */
  readonly canMask: boolean;
  readonly detect: (env: Environment) => boolean;
  /** Does this build run code of a fork, to which platforms give no secrets? */
  readonly isFork: (env: Environment) => boolean;
  /** True when a job has an identity token, or the means to get one. */
  readonly hasIdToken: (env: Environment) => boolean;
  /** @throws ZVCI-110 when the job has none, ZVCI-112 when the platform does not give it */
  readonly idToken: (world: CiWorld, request: IdTokenRequest) => Promise<Secret>;
  /** What stands in the summary and the log about masking; only where `canMask` is false. */
  readonly maskNotice?: string;
}

/** Types a platform without widening it. */
export function definePlatform<const T extends Platform>(platform: T): T {
  return platform;
}

/** The line for platforms that cannot mask. */
export function noMaskNotice(title: string): string {
  return `${title} cannot mask values that a job fetches: what prints them shows them; "zvault ci exec" redacts the output of a command`;
}
