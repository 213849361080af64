/**
 * How fast it goes.
 *
 * @module
 */

/** Frames that the figures are of. */
const WINDOW = 30;

/** Counts frames and how long each took. */
export class Speed {
  #times: number[] = [];
  #latencies: number[] = [];

  /**
   * Takes a frame.
   *
   * @param now When its answer came, in milliseconds.
   * @param latency Milliseconds from when it was asked for.
   */
  add(now: number, latency: number): void {
    this.#times = [...this.#times, now].slice(-WINDOW);
    this.#latencies = [...this.#latencies, latency].slice(-WINDOW);
  }

  /** Forgets all frames. */
  clear(): void {
    this.#times = [];
    this.#latencies = [];
  }

  /** Answers a second; null before there are two. */
  get rate(): number | null {
    const [first] = this.#times;
    const last = this.#times.at(-1);
    if (first === undefined || last === undefined || last === first) return null;
    return 1000 * (this.#times.length - 1) / (last - first);
  }

  /** The median latency in milliseconds; null before there is one. */
  get latency(): number | null {
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return sorted.at(Math.floor(sorted.length / 2)) ?? null;
  }
}
