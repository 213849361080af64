/**
 * How sums over the rows of `[rows, channels]` are cut up: a thread adds one stretch of rows of one
 * group of channels, a second program adds the stretches in their order. The cut depends on sizes
 * alone, so that the same input always gives the same bits.
 *
 * @module
 */

/** Threads that keep an adapter busy, and leave few stretches to add up. */
const THREADS_WANTED = 8192;

/** A cut of rows into stretches of equal length, but for the last. */
export interface Stretches {
  /** How many. */
  readonly count: number;
  /** Rows of each. */
  readonly length: number;
  /** Whether the last is as long as the others: no thread needs to look where it ends. */
  readonly even: boolean;
}

/**
 * Cuts rows up.
 *
 * @param rows How many rows, from 1 on.
 * @param groups Groups of channels.
 * @param least Rows that a stretch has at the least, where there are as many.
 */
export function stretchesOf(rows: number, groups: number, least = 1): Stretches {
  const wanted = Math.min(1024, Math.floor(THREADS_WANTED / groups));
  const most = Math.max(1, Math.min(Math.floor(rows / least), wanted));
  for (let count = most; count > most / 2; count--) {
    if (rows % count === 0) return { count, length: rows / count, even: true };
  }
  const length = Math.ceil(rows / most);
  const count = Math.ceil(rows / length);
  return { count, length, even: count * length === rows };
}

/** Channels as programs take them: four at once where they come in fours. */
export interface ChannelGroups {
  /** WGSL: `alias E`, one group's element. */
  readonly alias: string;
  /** How many groups. */
  readonly count: number;
  /** Channels in each. */
  readonly size: 1 | 4;
}

/** The groups of a number of channels. */
export function groupsOf(channels: number): ChannelGroups {
  return channels % 4 === 0
    ? { alias: "alias E = vec4f;", count: channels / 4, size: 4 }
    : { alias: "alias E = f32;", count: channels, size: 1 };
}
