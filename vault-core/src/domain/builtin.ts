// Node's larger modules, loaded when they are first used. Loading node:crypto takes 5 ms, which commands that don't need it
// would pay at each start. An ES `import` of node:http is worse: it reads every getter of the module to make its
// namespace, `http.WebSocket` too, and so loads undici, 45 ms.

import { createRequire } from 'node:module';
import type * as Crypto from 'node:crypto';
import type * as Http from 'node:http';
import type * as Https from 'node:https';

// Built-ins resolve from any folder; a fixed one works in an ES module and in a CommonJS bundle alike.
const load = createRequire('/');

export function nodeCrypto(): typeof Crypto {
  return load('node:crypto') as typeof Crypto;
}

export function nodeHttp(): typeof Http {
  return load('node:http') as typeof Http;
}

export function nodeHttps(): typeof Https {
  return load('node:https') as typeof Https;
}
