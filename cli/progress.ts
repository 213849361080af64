/**
 * How training shows where it stands: one bar on a terminal, plain lines elsewhere; and what other
 * tasks need to do the same.
 *
 * @module
 */
import type { EpochLine, TrainingBegin, TrainingCallback, TrainingProgress } from "../src/train.ts";
import { clock, count, percent } from "./numbers.ts";

/** Milliseconds between plain lines within an epoch. */
const LINE_EVERY = 15_000;
/** Goes to the line's beginning and clears it. */
export const CLEAR = "\r\x1b[2K";

/** Where a {@linkcode ProgressDisplay} writes. */
export interface ProgressOutput {
  /** Writes a text as it is. */
  write(text: string): void;
  /** Whether a line can be written over. */
  readonly isTerminal: boolean;
  /** Characters in a line. */
  columns(): number;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
}

/** Shows a training on a terminal or in a log. */
export class ProgressDisplay implements TrainingCallback {
  readonly #output: ProgressOutput;
  #begin: TrainingBegin | null = null;
  #startedAt = 0;
  #shownAt = 0;
  /** Where training stood when it was first heard of. */
  #first: { readonly at: number; readonly step: number } | null = null;

  /** @param output Where to write. */
  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /**
   * A line that stays, above the bar.
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
   * Notes what there is to do.
   *
   * @param begin What is known when training begins.
   */
  onTrainBegin(begin: TrainingBegin): void {
    this.#begin = begin;
    this.#startedAt = this.#shownAt = this.#output.now();
  }

  /**
   * Moves the bar, or now and then writes a line.
   *
   * @param progress Where training stands.
   */
  onProgress(progress: TrainingProgress): void {
    const { epoch, epochs, batch, batches, loss, imagesPerSecond } = progress;
    const left = this.#secondsLeft(progress);
    const text = `loss ${loss.toFixed(4)}  ${count(imagesPerSecond)} images/s` +
      (left === null ? "" : `  ETA ${clock(left)}`);
    const head = `epoch ${epoch}/${epochs}`;
    if (this.#output.isTerminal) {
      this.#bar(head, batch / batches, `${count(batch)}/${count(batches)}  ${text}`);
      return;
    }
    const now = this.#output.now();
    if (now - this.#shownAt < LINE_EVERY) return;
    this.#shownAt = now;
    this.line(`${head}  batch ${count(batch)}/${count(batches)}  ${text}`);
  }

  /**
   * Moves the bar while the network is validated.
   *
   * @param done Images done.
   * @param total Images in all.
   */
  onValidation(done: number, total: number): void {
    if (!this.#output.isTerminal) return;
    this.#bar("validation", done / total, `${count(done)}/${count(total)}`);
  }

  /**
   * Writes the epoch's line.
   *
   * @param line What the epoch came to.
   */
  onEpochEnd(line: EpochLine): void {
    this.#shownAt = this.#output.now();
    this.line(
      `epoch ${line.epoch}/${this.#begin?.config.epochs ?? line.epoch}` +
        `  loss ${line.trainLoss.toFixed(4)}  accuracy ${percent(line.trainAccuracy)}` +
        `  |  validation loss ${line.valLoss.toFixed(4)}  accuracy ${percent(line.valAccuracy)}` +
        `  macro-F1 ${percent(line.valMacroF1)}` +
        (line.ferPlus ? `  FER+ ${percent(line.ferPlus.valAccuracy)}` : "") +
        `  |  lr ${Number(line.lr.toPrecision(3))}  ${count(line.imagesPerSecond)} images/s` +
        `  ${clock(line.seconds)}${line.best ? "  best" : ""}`,
    );
  }

  /**
   * Seconds until the last epoch or the first limit, at the pace so far; `null` after a first step,
   * which tells how long programs take to compile and no more.
   */
  #secondsLeft({ epoch, epochs, batch, batches, step }: TrainingProgress): number | null {
    if (!this.#begin) return null;
    const { config, step: stepBefore } = this.#begin;
    const elapsed = (this.#output.now() - this.#startedAt) / 1000;
    const toDo = (epochs - epoch) * batches + batches - batch;
    const steps = config.maxSteps > 0 ? Math.min(toDo, config.maxSteps - step) : toDo;
    const now = this.#output.now();
    this.#first ??= { at: now, step };
    const sinceFirst = step - this.#first.step;
    let pace: number | null = null;
    if (sinceFirst > 0) pace = (now - this.#first.at) / 1000 / sinceFirst;
    else if (step - stepBefore > 1) pace = elapsed / (step - stepBefore);
    const limit = config.maxMinutes > 0 ? 60 * config.maxMinutes - elapsed : Infinity;
    const left = Math.min(pace === null ? Infinity : steps * pace, limit);
    return Number.isFinite(left) ? left : null;
  }

  #bar(head: string, share: number, tail: string): void {
    this.#output.write(barLine(`${head} `, share, tail, this.#output.columns()));
  }
}

/**
 * A bar that takes the place of the line before it.
 *
 * @param head What stands before it.
 * @param share How much of it is full, from 0 to 1.
 * @param tail What stands behind it.
 * @param columns Characters in a line.
 * @returns What to write.
 */
export function barLine(head: string, share: number, tail: string, columns: number): string {
  const most = Math.max(20, columns) - 1;
  const room = Math.min(30, most - head.length - tail.length - 3);
  const full = Math.round(Math.min(1, share) * room);
  const bar = room < 5 ? "" : `[${"=".repeat(full)}${" ".repeat(room - full)}] `;
  return `${CLEAR}${`${head}${bar}${tail}`.slice(0, most)}`;
}

/**
 * The terminal or pipe that stdout or stderr is.
 *
 * @param stream Which.
 * @returns What writes to it.
 */
export function streamOutput(stream: typeof Deno.stdout | typeof Deno.stderr): ProgressOutput {
  const encoder = new TextEncoder();
  return {
    write(text) {
      let bytes = encoder.encode(text);
      while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
    },
    isTerminal: stream.isTerminal(),
    columns: consoleColumns,
    now: () => performance.now(),
  };
}

/** Deno looks at stdin, stdout and stderr in turn. */
function consoleColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}
