// Node's HTTP modules by `require`. An ES `import` of node:http reads every getter of the module to make its namespace,
// `http.WebSocket` too, and so loads undici: 45 ms that no request here needs. A `require` reads nothing.

import { createRequire } from 'node:module';
import type * as Http from 'node:http';
import type * as Https from 'node:https';

// Built-ins resolve from any folder; a fixed one works in an ES module and in a CommonJS bundle alike.
const load = createRequire('/');

export function nodeHttp(): typeof Http {
  return load('node:http') as typeof Http;
}

export function nodeHttps(): typeof Https {
  return load('node:https') as typeof Https;
}
