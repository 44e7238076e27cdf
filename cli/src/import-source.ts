// What `import` reads: which lines of a .env file become secrets, and which stay as they are.

import { basename, resolve } from 'node:path';
import {
  type Host,
  type Secret,
  ZvaultError,
  isEnvName,
  isReference,
  isReservedEnvName,
  parseDotenv,
} from '@zvault/core/domain';
import { readFileBytes } from './input.ts';
import { referenceFileName } from './reference-file.ts';
import { checkValues } from './upload.ts';

export interface ImportSource {
  readonly bytes: Buffer;
  /** Every name, in the order of the file. */
  readonly keys: readonly string[];
  /** What is to be stored. */
  readonly values: ReadonlyMap<string, Secret>;
  /** References that stand in the file already. They are no values, and stay what they are. */
  readonly carried: ReadonlyMap<string, string>;
  /** What the user should look at. */
  readonly notices: readonly string[];
}

/** @throws NOT_FOUND, FORBIDDEN; INPUT_INVALID with file and line, when anything in the file cannot be stored */
export function readImportSource(host: Pick<Host, 'cwd'>, file: string): ImportSource {
  // A copy of the values must not lie in the folder of the devices: /dev/stdin, or <(…) of a shell.
  if (/^\/(?:dev\/(?!shm\/)|proc\/)/.test(resolve(host.cwd, file))) {
    throw new ZvaultError('INPUT_INVALID', `${file} is no file that others can lie beside`, {
      hint: 'write it to a file first, or store the values alone with zvault cloud push --file',
    });
  }
  const bytes = readFileBytes(host.cwd, file);
  const document = parseDotenv(bytes, { file });
  const all = document.values();
  const carried = new Map<string, string>();
  const values = new Map<string, Secret>();
  for (const [key, value] of all) {
    if (isReference(value.expose())) carried.set(key, value.expose());
    else values.set(key, value);
  }
  if (basename(file) === referenceFileName || (values.size === 0 && carried.size > 0)) {
    throw new ZvaultError('INPUT_INVALID', `${file} holds references already`);
  }
  if (values.size === 0) throw new ZvaultError('INPUT_INVALID', `${file} has no entries`);
  checkValues(file, values);
  const notices = document.notices.map(({ message }) => message);
  const unusual = [...all.keys()].filter((key) => !isEnvName(key) || isReservedEnvName(key));
  if (unusual.length > 0) notices.push(`zvault run sets these only with --allow-name: ${unusual.join(', ')}`);
  return { bytes, keys: [...all.keys()], values, carried, notices };
}
