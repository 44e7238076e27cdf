// The .env files of `run`: which ones, and what they set.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DotenvDocument, type Host, parseDotenv } from '@zvault/core/domain';
import { readFileBytes } from './input.ts';

/** Looked for in this order where no file is given. */
const usualFiles = ['.env.zvault', '.env'];

/** @throws NOT_FOUND, FORBIDDEN; INPUT_INVALID with file and line */
export function readEnvFile(host: Pick<Host, 'cwd'>, path: string): DotenvDocument {
  return parseDotenv(readFileBytes(host.cwd, path), { file: path });
}

/** Names and values of the given files, the later winning; else of the first usual file that is there; else none. */
export function readEnvFiles(host: Pick<Host, 'cwd'>, given: readonly string[] | undefined): Map<string, string> {
  const usual = usualFiles.find((name) => existsSync(resolve(host.cwd, name)));
  const values = new Map<string, string>();
  for (const path of given ?? (usual === undefined ? [] : [usual])) {
    for (const [key, value] of readEnvFile(host, path).values()) values.set(key, value.expose());
  }
  return values;
}
