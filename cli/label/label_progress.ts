/**
 * How labelling shows where it stands.
 *
 * @module
 */
import { clock, count } from "../numbers.ts";
import { barLine, CLEAR, type ProgressOutput } from "../progress.ts";

/** Milliseconds between plain lines. */
const LINE_EVERY = 15_000;
/** Milliseconds between two looks of the bar. */
const BAR_EVERY = 100;
/** Milliseconds that the rate is a mean of. */
const WINDOW = 30_000;

/** Shows how many pictures are done, how fast, and how long the rest takes. */
export class LabelProgress {
  readonly #output: ProgressOutput;
  #startedAt = 0;
  #shownAt = 0;
  #total: number | null = null;
  /** When how many were done: the first is the beginning of the window. */
  #marks: Array<{ readonly at: number; readonly done: number }> = [];

  /** @param output Where to write. */
  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Starts the clock. */
  start(): void {
    this.#startedAt = this.#shownAt = this.#output.now();
    this.#marks = [{ at: this.#startedAt, done: 0 }];
  }

  /** Seconds since the clock was started. */
  get seconds(): number {
    return (this.#output.now() - this.#startedAt) / 1000;
  }

  /**
   * How many pictures there are in all, once it is known; null where it cannot be.
   *
   * @param total Pictures.
   */
  set total(total: number | null) {
    this.#total = total;
  }

  /**
   * A line that stays.
   *
   * @param text The line.
   */
  line(text: string): void {
    this.#output.write(`${this.#output.isTerminal ? CLEAR : ""}${text}\n`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#output.isTerminal) this.#output.write(CLEAR);
  }

  /**
   * Moves the bar, or now and then writes a line.
   *
   * @param done Pictures labelled so far.
   * @param passed Pictures passed over, since they had been labelled before.
   * @param errors Pictures that could not be labelled.
   */
  update(done: number, passed: number, errors: number): void {
    const now = this.#output.now();
    this.#marks.push({ at: now, done });
    while (this.#marks.length > 2 && now - this.#marks[1].at >= WINDOW) this.#marks.shift();
    const { isTerminal } = this.#output;
    if (now - this.#shownAt < (isTerminal ? BAR_EVERY : LINE_EVERY)) return;
    this.#shownAt = now;
    const [first] = this.#marks;
    const rate = 1000 * (done - first.done) / Math.max(1, now - first.at);
    const at = done + passed;
    const left = this.#total === null || rate === 0 ? null : (this.#total - at) / rate;
    const tail = `${count(at)}${this.#total === null ? "" : `/${count(this.#total)}`} pictures` +
      `  ${rateText(rate)}` +
      (errors > 0 ? `  ${count(errors)} ${errors === 1 ? "error" : "errors"}` : "") +
      (left === null ? "" : `  ETA ${clock(left)}`);
    if (isTerminal) {
      const share = this.#total ? at / this.#total : 0;
      this.#output.write(barLine("", share, tail, this.#output.columns()));
    } else {
      this.line(tail);
    }
  }
}

/**
 * A rate for people.
 *
 * @param perSecond Images a second.
 * @returns For instance `8.3 images/s` or `1,204 images/s`.
 */
export function rateText(perSecond: number): string {
  return `${perSecond < 100 ? perSecond.toFixed(1) : count(perSecond)} images/s`;
}
