// What every input is given and gives back.

import type { Host } from '@zvault/core/domain';
import type { Found, Scanner } from '../scanner.ts';

export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

export interface InputContext {
  readonly host: Host;
  readonly scanner: Scanner;
  /** Bytes; 0 for no limit. */
  readonly maxFileSize: number;
  /** True for paths that the configuration leaves out. */
  excluded(path: string): boolean;
  /** Looks into archives. */
  readonly deep: boolean;
  /** What the members of an archive hold; `undefined` if the bytes are none, or archives are not looked into. */
  scanArchive(path: string, bytes: Buffer): Found[] | undefined;
  onFound(found: Found, commit?: string): void;
  onSkipped(skipped: Skipped): void;
}

const lfsPointer = 'version https://git-lfs.github.com/spec/';

/** True for the small text that stands in for a file that Git LFS keeps elsewhere. */
export function isLfsPointer(bytes: Buffer): boolean {
  return bytes.length < 1024 && bytes.toString('latin1', 0, lfsPointer.length) === lfsPointer;
}
