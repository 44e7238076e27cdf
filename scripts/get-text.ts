// One GET as text, by node:http: for scripts and benches.

import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, get } from 'node:http';
import { text } from 'node:stream/consumers';

export async function getText(url: string | URL, options: RequestOptions = {}): Promise<string> {
  const [response] = (await once(get(url, options), 'response')) as [IncomingMessage];
  return text(response);
}
