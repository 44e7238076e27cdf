// Lists show every level under a prefix, while a rule of a policy speaks of one path. What stands in a folder whose own listing is
// denied is left out: else whoever is denied it could list the folder above instead, or name it without its slash.

import { decide } from '../../../domain/policy/decide.ts';
import type { CompiledPolicy } from '../../../domain/policy/policy.ts';

/** `keys`: what follows `prefix` in paths under it. `listPath`: where the mount is listed, like `secret/list/`. */
export function withoutDenied(
  keys: string[],
  policies: readonly CompiledPolicy[],
  listPath: string,
  prefix: string,
): string[] {
  const denying = policies.filter(({ rules }) => rules.some(({ denies }) => denies));
  if (denying.length === 0) return keys;
  const folders = new Map<string, boolean>();
  const isDenied = (folder: string): boolean => {
    let denied = folders.get(folder);
    if (denied === undefined) {
      denied = [folder, `${folder}/`].some((path) =>
        decide(denying, listPath + path, 'list').rule?.capabilities.includes('deny'),
      );
      folders.set(folder, denied);
    }
    return denied;
  };
  return keys.filter((rest) => {
    const path = prefix + rest;
    for (let end = path.indexOf('/', prefix.length); end !== -1; end = path.indexOf('/', end + 1))
      if (isDenied(path.slice(0, end))) return false;
    return true;
  });
}
