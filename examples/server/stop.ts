/**
 * Signals to stop.
 *
 * @module
 */

/** Milliseconds in which a second signal belongs to the same press of Ctrl-C. */
const ONE_PRESS = 500;

/** A signal's number; 128 more is the exit code that tells of it. */
const NUMBERS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGINT: 2,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/**
 * Calls back when the process is told to stop. One press of Ctrl-C can arrive twice: from the
 * terminal, and passed on by the program that started this one.
 *
 * @param onFirst Called with the first signal's name.
 * @param onSecond Called with a later one's name, and the exit code that tells of it.
 */
export function onStop(
  onFirst: (signal: string) => void,
  onSecond: (signal: string, code: number) => void,
): void {
  let firstAt: number | undefined;
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  for (const name of signals) {
    Deno.addSignalListener(name, () => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        onFirst(name);
      } else if (now - firstAt > ONE_PRESS) {
        onSecond(name, 128 + (NUMBERS[name] ?? 0));
      }
    });
  }
}
