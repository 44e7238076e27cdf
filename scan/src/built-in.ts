// Node's built-in modules, loaded when they are needed: some take milliseconds, which a scan that finds nothing need not wait for.

import { createRequire } from 'node:module';

/** Like `require`. Built-ins resolve from any folder; a fixed one works in an ES module and in a CommonJS bundle alike. */
export const loadBuiltIn = createRequire('/') as (name: `node:${string}`) => unknown;
