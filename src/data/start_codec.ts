/**
 * Starting a decoder that is WebAssembly.
 *
 * @module
 */

let queue: Promise<unknown> = Promise.resolve();

/**
 * Starts a decoder of the `@jsquash` family. They give Deno a `location`, by which other libraries
 * would take it for a browser; here the global scope is left as it was.
 *
 * @param start Loads its package and its WebAssembly.
 * @returns What `start` gives.
 */
export function startCodec<T>(start: () => Promise<T>): Promise<T> {
  // One after the other: each would take the other's `location` for what was there before.
  const started = queue.then(async () => {
    const location = Object.getOwnPropertyDescriptor(globalThis, "location");
    try {
      return await start();
    } finally {
      if (location) Object.defineProperty(globalThis, "location", location);
    }
  });
  queue = started.catch(() => {});
  return started;
}
