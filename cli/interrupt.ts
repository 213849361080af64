/**
 * Ctrl-C as an `AbortSignal`.
 *
 * @module
 */

/** Milliseconds in which a second signal belongs to the same key press. */
const ONE_PRESS = 1000;

/** A signal that Ctrl-C aborts. */
export interface Interrupt {
  /** Aborted by the first press. */
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  dispose(): void;
}

/**
 * Turns the first Ctrl-C (or SIGTERM) into an aborted signal; a second press leaves at once.
 *
 * One press can arrive twice: from the terminal, and passed on by the program that started this one.
 *
 * @param onFirst Called by the first press.
 * @param onSecond Called by a later one.
 * @returns The signal.
 */
export function catchInterrupt(onFirst: () => void, onSecond: () => void): Interrupt {
  const controller = new AbortController();
  let firstAt = -Infinity;
  const listener = () => {
    const now = performance.now();
    if (controller.signal.aborted) {
      if (now - firstAt > ONE_PRESS) onSecond();
      return;
    }
    firstAt = now;
    controller.abort();
    onFirst();
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  for (const name of signals) Deno.addSignalListener(name, listener);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of signals) Deno.removeSignalListener(name, listener);
    },
  };
}
