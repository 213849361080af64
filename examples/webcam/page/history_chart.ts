/// <reference lib="dom" />
/**
 * The last seconds of a face as bands, one above the other; read by pointer or arrow keys.
 *
 * @module
 */
import { byId, make, write } from "./elements.ts";
import { meanOf, type Moment, partsOf, SPAN, STEP } from "./history.ts";
import { toneOf } from "./tones.ts";
import { percent } from "./wording.ts";

const STEPS = SPAN / STEP;
const SVG = "http://www.w3.org/2000/svg";

/** The band of a class as a closed path: steps ago across, percent downwards. */
function bandPath(parts: readonly Moment[][], now: number, c: number): string {
  const height = (shares: readonly number[], to: number): string => {
    let sum = 0;
    for (let k = 0; k < to; k++) sum += shares[k];
    return (100 - 100 * sum).toFixed(2);
  };
  return parts.map((part) => {
    const across = ({ step }: Moment) => STEPS - (now - step);
    const points = part.length > 1 ? part : [part[0], { ...part[0], step: part[0].step + 1 }];
    const upper = points.map((each) => `${across(each)} ${height(each.shares, c + 1)}`);
    const lower = points.map((each) => `${across(each)} ${height(each.shares, c)}`).reverse();
    return `M${[...upper, ...lower].join("L")}Z`;
  }).join("");
}

/** The chart, its cursor and its key. */
export class HistoryChart {
  readonly #chart = byId("chart", HTMLElement);
  readonly #bands = byId("bands", SVGSVGElement);
  readonly #cursor = byId("cursor", HTMLElement);
  readonly #empty = byId("chart-empty", HTMLElement);
  readonly #title = byId("past-title", HTMLElement);
  readonly #reading = byId("past-reading", HTMLElement);
  readonly #key = byId("key", HTMLElement);
  #classes: readonly string[] = [];
  #paths: SVGPathElement[] = [];
  #values: HTMLElement[] = [];
  #moments: readonly Moment[] = [];
  #now = 0;
  /** Steps before now; null when nobody points. */
  #ago: number | null = null;
  #drawn = -Infinity;

  constructor() {
    this.#chart.addEventListener("keydown", (event) => this.#onKey(event));
    this.#chart.addEventListener("blur", () => this.#point(null));
    this.#chart.addEventListener("pointermove", ({ clientX }) => {
      const { left, width } = this.#chart.getBoundingClientRect();
      this.#point(STEPS * (1 - (clientX - left) / width));
    });
    this.#chart.addEventListener("pointerleave", () => this.#point(null));
  }

  /** Takes the expressions, in the order from the bottom up. */
  setClasses(classes: readonly string[]): void {
    this.#classes = classes;
    this.#paths = classes.map((label, i) => {
      const path = document.createElementNS(SVG, "path");
      path.style.fill = toneOf(label, i);
      return path;
    });
    this.#bands.replaceChildren(...this.#paths);
    this.#values = classes.map(() => make("b"));
    this.#key.replaceChildren(...classes.map((label, i) => {
      const entry = make("li", "", make("i"), make("span", "", label), this.#values[i]);
      entry.style.setProperty("--tone", toneOf(label, i));
      return entry;
    }));
  }

  /**
   * Draws a face's history, at most ten times a second; once a second for those who want less
   * motion.
   *
   * @param id Which face; null for none.
   * @param moments What it showed.
   * @param seconds The time.
   */
  show(id: number | null, moments: readonly Moment[], seconds: number): void {
    const rest = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 0.1;
    if (moments.length > 0 && seconds >= this.#drawn && seconds - this.#drawn < rest) return;
    this.#drawn = seconds;
    this.#now = Math.floor(seconds / STEP);
    this.#moments = moments;
    const parts = partsOf(moments);
    this.#paths.forEach((path, c) => path.setAttribute("d", bandPath(parts, this.#now, c)));
    this.#empty.hidden = moments.length > 0;
    write(this.#title, id === null ? "Last 30 seconds" : `Face ${id}, last 30 seconds`);
    this.#tell();
  }

  /** The moment at the cursor, where there is one within a second. */
  #at(ago: number): Moment | null {
    const step = this.#now - Math.round(ago);
    let nearest: Moment | null = null;
    for (const moment of this.#moments) {
      const isNearer = !nearest || Math.abs(moment.step - step) < Math.abs(nearest.step - step);
      if (isNearer) nearest = moment;
    }
    return nearest && Math.abs(nearest.step - step) <= 1 / STEP ? nearest : null;
  }

  /** A few shares in words, the largest first. */
  #ranked(shares: readonly number[], most: number): string {
    return shares.map((share, i) => ({ share, label: this.#classes[i] }))
      .sort((a, b) => b.share - a.share).slice(0, most)
      .filter(({ share }) => share >= 0.05)
      .map(({ share, label }) => `${label} ${percent(share)}`).join(", ");
  }

  #tell(): void {
    const ago = this.#ago;
    const shares = ago === null ? meanOf(this.#moments) : this.#at(ago)?.shares ?? [];
    this.#values.forEach((value, c) => write(value, shares.length > 0 ? percent(shares[c]) : ""));
    const seconds = Math.round((ago ?? 0) * STEP);
    const when = ago === null ? "On average" : seconds === 0 ? "Now" : `${seconds} s ago`;
    const what = shares.length > 0 ? this.#ranked(shares, 3) : "no face";
    const text = this.#moments.length > 0 ? `${when}: ${what}` : "";
    write(this.#reading, text);
    this.#cursor.hidden = ago === null;
    this.#cursor.style.left = `${100 * (1 - (ago ?? 0) / STEPS)}%`;
    // A slider's value is read out when it changes and has the focus: then it is the cursor's.
    if (ago === null && document.activeElement === this.#chart) return;
    this.#chart.setAttribute("aria-valuenow", String(-seconds));
    this.#chart.setAttribute("aria-valuetext", text || "Nothing yet");
  }

  #point(ago: number | null): void {
    this.#ago = ago === null ? null : Math.min(Math.max(ago, 0), STEPS);
    this.#tell();
  }

  #onKey(event: KeyboardEvent): void {
    const second = 1 / STEP;
    const at = this.#ago ?? 0;
    const moves: Record<string, () => number | null> = {
      ArrowLeft: () => at + second,
      ArrowDown: () => at + second,
      ArrowRight: () => at - second,
      ArrowUp: () => at - second,
      PageDown: () => at + 5 * second,
      PageUp: () => at - 5 * second,
      Home: () => STEPS,
      End: () => 0,
      Escape: () => null,
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.#point(move());
  }
}
