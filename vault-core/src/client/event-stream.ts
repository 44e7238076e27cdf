// The wire format of server-sent events, read chunk by chunk.
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

import { ZvaultError } from '../domain/errors.ts';

/** More than this in one event is not ours. */
const maxEventChars = 1_048_576;

export interface ServerEvent {
  /** The `event` field; `message` when there was none. */
  readonly type: string;
  readonly data: string;
  /** The last `id` so far; empty when there was none. */
  readonly id: string;
}

export class EventStreamParser {
  // Non-fatal, and without the byte order mark at the stream's start: the standard's "UTF-8 decode".
  readonly #decoder = new TextDecoder();
  #rest = '';
  #data: string[] = [];
  #size = 0;
  #type = '';
  #id: string | undefined;
  #lastEventId = '';
  #retryMs: number | undefined;
  /** The chunk before ended with CR: a LF that follows belongs to it. */
  #afterCr = false;

  /** The id to resume after; empty when the stream has given none. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** What the stream's last `retry` field asked for. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Events that are complete with this chunk. @throws BAD_ANSWER for an event without end */
  push(chunk: Uint8Array): ServerEvent[] {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    const events: ServerEvent[] = [];
    let start = 0;
    for (let index = this.#rest.length; index < text.length; index += 1) {
      const char = text[index];
      if (char === '\n' && this.#afterCr && index === start) {
        this.#afterCr = false;
        start = index + 1;
        continue;
      }
      this.#afterCr = false;
      if (char !== '\r' && char !== '\n') continue;
      this.#line(text.slice(start, index), events);
      start = index + 1;
      this.#afterCr = char === '\r';
    }
    this.#rest = text.slice(start);
    if (this.#size + this.#rest.length > maxEventChars) {
      throw new ZvaultError('BAD_ANSWER', 'the event stream sent an event that is too large');
    }
    return events;
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === '') {
      this.#dispatch(events);
      return;
    }
    const colon = line.indexOf(':');
    // A line that starts with a colon is a comment.
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
    else if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length + 1;
    }
  }

  #dispatch(events: ServerEvent[]): void {
    // Also without data: that is how a stream tells where it stands.
    this.#lastEventId = this.#id ?? '';
    if (this.#data.length > 0) {
      const type = this.#type === '' ? 'message' : this.#type;
      events.push({ type, data: this.#data.join('\n'), id: this.#lastEventId });
    }
    this.#data = [];
    this.#size = 0;
    this.#type = '';
  }
}
