/**
 * The kinds of arguments that transforms take, and how each is checked.
 *
 * @module
 */

/** A size in pixels: `[height, width]` or, for a square, one number. */
export type Size = number | readonly [height: number, width: number];

/** A range, `[low, high]`. */
export type Interval = readonly [low: number, high: number];

/** How values between pixels are found: `nearest` or `bilinear`, as Pillow does. */
export type Interpolation = "nearest" | "bilinear";

/** The longest edge of an image that transforms make, in pixels. */
const LONGEST_EDGE = 32_767;

/** Whether an argument is the positional one (a number or an array), not an options object. */
export function isPositional<T extends number | readonly unknown[]>(value: T | object): value is T {
  return typeof value === "number" || Array.isArray(value);
}

/** The height and width that `size` means for the transform called `name`. */
export function checkSize(name: string, size: Size): readonly [height: number, width: number] {
  const edges = typeof size === "number" ? [size, size] : size;
  if (
    !Array.isArray(edges) || edges.length !== 2 ||
    edges.some((edge) => !Number.isInteger(edge) || edge < 1 || edge > LONGEST_EDGE)
  ) {
    throw new RangeError(
      `Cannot make ${name} of size ${show(size)}: expected an integer from 1 to 32,767 pixels ` +
        "or [height, width]",
    );
  }
  return [edges[0], edges[1]];
}

/** Refuses a probability outside 0 to 1. */
export function checkProbability(name: string, p: number): number {
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`Cannot make ${name} of p ${show(p)}: expected a probability from 0 to 1`);
  }
  return p;
}

/** Refuses a range that is reversed, not finite or outside `[lowest, highest]`. */
export function checkInterval(
  name: string,
  field: string,
  interval: Interval,
  lowest = -Infinity,
  highest = Infinity,
): Interval {
  if (
    !Array.isArray(interval) || interval.length !== 2 ||
    !interval.every((bound) => Number.isFinite(bound) && bound >= lowest && bound <= highest) ||
    interval[0] > interval[1]
  ) {
    const within = Number.isFinite(highest)
      ? ` within ${lowest} to ${highest}`
      : Number.isFinite(lowest)
      ? ` of at least ${lowest}`
      : "";
    throw new RangeError(
      `Cannot make ${name} of ${field} ${show(interval)}: expected [low, high]${within}`,
    );
  }
  return interval;
}

/** Refuses an interpolation that is not one of the two. */
export function checkInterpolation(name: string, interpolation: Interpolation): Interpolation {
  if (interpolation !== "nearest" && interpolation !== "bilinear") {
    throw new RangeError(
      `Cannot make ${name} of interpolation ${show(interpolation)}: ` +
        'expected "nearest" or "bilinear"',
    );
  }
  return interpolation;
}

/**
 * A fill or an erasing value as one number a channel.
 *
 * @param name The transform, for the message.
 * @param value One number, or one a channel.
 * @param channels The image's channels.
 */
export function perChannel(
  name: string,
  value: number | readonly number[],
  channels: number,
): readonly number[] {
  if (typeof value === "number") return new Array(channels).fill(value);
  if (value.length === channels) return value;
  if (value.length === 1) return new Array(channels).fill(value[0]);
  throw new TypeError(
    `Cannot apply ${name} to an image of ${channels} channels: got ${value.length} values`,
  );
}

/** Refuses a fill that is not made of grey levels. */
export function checkFill(
  name: string,
  fill: number | readonly number[],
): number | readonly number[] {
  const levels = typeof fill === "number" ? [fill] : fill;
  if (!levels.every((level) => level >= 0 && level <= 255)) {
    throw new RangeError(`Cannot make ${name} of fill ${show(fill)}: expected levels 0 to 255`);
  }
  return fill;
}

/** Rounds halves to the even neighbour, as Python's `round` does. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  return Array.isArray(value)
    ? `[${value.map(show).join(", ")}]`
    : typeof value === "number"
    ? String(value)
    : JSON.stringify(value) ?? String(value);
}
