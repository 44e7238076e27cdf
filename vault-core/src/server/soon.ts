// A value that is here already, or comes later. What the process remembers is answered without a promise: on the way of every
// read there would be eight of them.

export type Soon<T> = T | Promise<T>;

/** Calls `next` with the value: at once if it is here. */
export function soon<T, R>(value: Soon<T>, next: (value: T) => R): R | Promise<Awaited<R>> {
  return value instanceof Promise ? (value.then(next) as Promise<Awaited<R>>) : next(value);
}
