/**
 * The log: one JSON object a line.
 *
 * @module
 */

/** What a line may hold besides its time, level and message. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes a line. */
export type Log = (level: "info" | "warn" | "error", message: string, fields?: LogFields) => void;

/**
 * Makes a log.
 *
 * @param write Where a line goes, without its line end.
 * @param now The time.
 * @returns What writes.
 */
export function logTo(write: (line: string) => void, now = (): Date => new Date()): Log {
  return (level, message, fields = {}) =>
    write(JSON.stringify({ time: now().toISOString(), level, message, ...fields }));
}
