// Every platform that is known by its variables, sorted; `generic` is what remains. A file in this folder that is not in the list, or the
// reverse, fails a test.

import type { Platform } from '../platform.ts';
import { bitbucket } from './bitbucket.ts';
import { buildkite } from './buildkite.ts';
import { circleci } from './circleci.ts';
import { generic } from './generic.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';

export const platforms: readonly Platform[] = [bitbucket, buildkite, circleci, generic, github, gitlab];

/** The platform whose job this is. */
export function detectPlatform(env: Readonly<Record<string, string | undefined>>): Platform {
  return platforms.find((platform) => platform !== generic && platform.detect(env)) ?? generic;
}
