// A worker's share of the rates that its parent counts. Requests are fetched in small lots, so that a busy token costs few
// messages: never more than the limit pass, over all workers. A lot that is not used in time is lost, so lots are single until
// they are used up quickly.

import { type Soon, soon } from '../soon.ts';

/** How long a lot may be used. */
const lotMs = 100;
/** The largest lot, as a part of a second's limit. */
const largestPart = 20;
const maxLots = 50_000;

interface Lot {
  left: number;
  size: number;
  untilMs: number;
  asking: Promise<number> | undefined;
}

type Take = (wish: { name: string; count: number }) => Promise<{ taken: number; seconds: number }>;

export class SharedRate {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #take: Take;
  readonly #lots = new Map<string, Lot>();

  /** `limit`: requests a second; 0: none are refused. */
  constructor(limit: number, now: () => number, take: Take) {
    this.#limit = limit;
    this.#now = now;
    this.#take = take;
  }

  /** Takes one request of `name`. 0, or whole seconds after which to come again. */
  take(name: string): Soon<number> {
    if (this.#limit === 0) return 0;
    const lot = this.#lots.get(name) ?? this.#create(name);
    if (lot.left > 0 && this.#now() < lot.untilMs) {
      lot.left -= 1;
      return 0;
    }
    lot.asking ??= this.#fetch(name, lot);
    return soon(lot.asking, (seconds) => (seconds > 0 ? seconds : this.take(name)));
  }

  async #fetch(name: string, lot: Lot): Promise<number> {
    const usedUp = lot.left === 0 && this.#now() < lot.untilMs;
    lot.size = usedUp ? Math.min(lot.size * 2, Math.max(1, Math.floor(this.#limit / largestPart))) : 1;
    try {
      const { taken, seconds } = await this.#take({ name, count: lot.size });
      lot.left = taken;
      lot.untilMs = this.#now() + lotMs;
      return taken > 0 ? 0 : seconds;
    } finally {
      lot.asking = undefined;
    }
  }

  #create(name: string): Lot {
    if (this.#lots.size >= maxLots) for (const [old, { asking }] of this.#lots) if (!asking) this.#lots.delete(old);
    const lot: Lot = { left: 0, size: 1, untilMs: 0, asking: undefined };
    this.#lots.set(name, lot);
    return lot;
  }
}
