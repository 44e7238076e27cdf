// Changes of one environment as server-sent events (WHATWG HTML, 9.2). The id of an event is the environment's revision.

import type { RequestContext, StreamReply } from '../http/context.ts';
import { environmentOf } from '../http/context.ts';
import { maxEvents } from '../cloud/event-log.ts';

/** A comment that keeps proxies from closing an idle connection. */
const heartbeatMs = 15_000;

export async function eventStream(context: RequestContext): Promise<StreamReply> {
  const { vault, message } = context;
  const environment = environmentOf(context);
  const { revision } = await vault.events.state(environment.id);
  const asked = message.headers['last-event-id'];
  const resume = typeof asked === 'string' && /^\d{1,15}$/.test(asked) ? Number(asked) : undefined;
  return {
    status: 200,
    body: null,
    mediaType: 'text/event-stream',
    mayGoOn: () => stillAllowed(context),
    run: async (write, signal) => {
      let at = resume === undefined || resume > revision ? revision : resume;
      // Events before it are gone, or the ids are of another vault: the reader must read everything anew.
      const missed = resume !== undefined && (resume > revision || revision - resume > maxEvents);
      await write(missed ? resetAt(revision) : `: connected\nid: ${at}\n\n`);
      if (missed) at = revision;
      let lastWriteMs = vault.host.now();
      while (!signal.aborted && !vault.events.closed) {
        const events = await vault.events.read(environment.id, at);
        const [first] = events;
        if (first && first.revision !== at + 1) {
          // More happened at once than is kept.
          at = (await vault.events.state(environment.id)).revision;
          await write(resetAt(at));
          continue;
        }
        for (const { revision: id, type, key, version } of events) {
          await write(`event: ${type}\nid: ${id}\ndata: ${JSON.stringify({ key, version })}\n\n`);
          at = id;
        }
        const now = vault.host.now();
        if (events.length > 0) lastWriteMs = now;
        else if (Math.abs(now - lastWriteMs) >= heartbeatMs) {
          await write(': still here\n\n');
          lastWriteMs = now;
        }
        if (events.length === 0) await vault.events.wait(environment.id, signal);
        if (signal.aborted || !(await stillAllowed(context))) return;
      }
    },
  };
}

/** Tells the reader to read everything anew, and from where the stream goes on. */
function resetAt(revision: number): string {
  return `event: reset\nid: ${revision}\ndata: {}\n\n`;
}

/** A revoked or expired token, a sealed vault, a lost role: the stream ends. */
async function stillAllowed(context: RequestContext): Promise<boolean> {
  try {
    await context.reauthorize();
    return true;
  } catch {
    return false;
  }
}
