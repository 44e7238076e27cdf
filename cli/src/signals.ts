// Who gets the signals of this process. The newest taker alone gets them, so that a command that runs a child can
// forward what would otherwise end the command.

/** The part of `process` that delivers signals. */
export interface SignalEmitter {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

export interface SignalSource {
  /**
   * From now on `listener` alone gets these signals, and their default action does not happen.
   * The returned function gives them back to who had them before.
   */
  take(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void;
}

interface Taker {
  readonly signals: readonly NodeJS.Signals[];
  readonly listener: (signal: NodeJS.Signals) => void;
}

export function createSignalSource(emitter: SignalEmitter): SignalSource {
  const takers: Taker[] = [];
  const listening = new Set<NodeJS.Signals>();

  function deliver(signal: NodeJS.Signals): void {
    takers.findLast((taker) => taker.signals.includes(signal))?.listener(signal);
  }

  return {
    take(signals, listener) {
      const taker = { signals, listener };
      takers.push(taker);
      for (const signal of signals) {
        if (listening.has(signal)) continue;
        listening.add(signal);
        emitter.on(signal, deliver);
      }
      return () => {
        const index = takers.indexOf(taker);
        if (index !== -1) takers.splice(index, 1);
        for (const signal of signals) {
          if (!listening.has(signal) || takers.some((other) => other.signals.includes(signal))) continue;
          listening.delete(signal);
          emitter.off(signal, deliver);
        }
      };
    },
  };
}
