/**
 * Numbers as people read them.
 *
 * @module
 */

/**
 * A duration as a clock shows it.
 *
 * @param seconds From 0.
 * @returns For instance `1:02:03`, or `2:03` below an hour.
 */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/**
 * A fraction for people.
 *
 * @param fraction From 0 to 1.
 * @returns For instance `67.3 %`.
 */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/**
 * A whole number for people.
 *
 * @param value For instance 28709.
 * @returns For instance `28,709`.
 */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
