// How long a method of an object takes, each time that it is called, its promise included.

export interface Times {
  p99Ms(): number;
}

type Method = (...args: unknown[]) => unknown;

/** Wraps the method. */
export function timesOf<T extends object>(owner: T, name: keyof T & string): Times {
  const times: number[] = [];
  const inner = (owner[name] as Method).bind(owner);
  const timed: Method = (...args) => {
    const started = performance.now();
    const end = (): void => void times.push(performance.now() - started);
    const result = inner(...args);
    if (result instanceof Promise) return result.finally(end);
    end();
    return result;
  };
  Object.defineProperty(owner, name, { value: timed });
  return { p99Ms: () => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN };
}
