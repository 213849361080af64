/**
 * Curves that grow. Runs in the browser.
 *
 * @module
 */
import { browser, type PageElement, type PageEvent } from "./browser.ts";
import { draw, make, write } from "./elements.ts";

/** A curve, its points from left to right. */
export interface Curve {
  /** Its name; empty where the chart's title says enough. */
  readonly name: string;
  /** Its colour, by the style sheet's names. */
  readonly colour: "first" | "second" | "third" | "fourth";
  /** Whether it is a background to the others. */
  readonly isThin?: boolean;
  /** Pairs of place and value. */
  readonly points: ReadonlyArray<readonly [x: number, y: number]>;
}

/** How a chart measures. */
export interface Scale {
  /** Writes a value for people. */
  readonly format: (value: number) => string;
  /** Whether the vertical axis begins at 0. */
  readonly fromZero?: boolean;
  /** Whether equal ratios are equally far apart. */
  readonly isLogarithmic?: boolean;
}

/**
 * Round values on an axis.
 *
 * @param low Its beginning.
 * @param high Its end.
 * @param most About how many.
 * @returns Multiples of 1, 2 or 5 times a power of ten.
 */
export function ticks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough * 0.999) ?? 10);
  const out: number[] = [];
  for (let k = Math.ceil(low / step - 1e-6); k * step <= high + step * 1e-6; k++) {
    out.push(Number((k * step).toPrecision(10)));
  }
  return out;
}

/** From values to pixels and back. */
interface Axes {
  x: (value: number) => number;
  y: (value: number) => number;
  fromX: (pixel: number) => number;
}

/** A chart with a legend that reads the curves out where the pointer or the arrow keys are. */
export class LineChart {
  /** The element to place in the page. */
  readonly element: PageElement;
  readonly #title: string;
  readonly #svg: PageElement;
  readonly #plot: PageElement;
  readonly #cursor: PageElement;
  readonly #legend: PageElement;
  readonly #place: PageElement;
  readonly #spoken: PageElement;
  #scale: Scale;
  #curves: readonly Curve[] = [];
  #best: number | null = null;
  /** Where the reader looks; null for the newest. */
  #at: number | null = null;
  #axes: Axes = { x: (value) => value, y: (value) => value, fromX: (pixel) => pixel };
  #height = 230;

  constructor(title: string, scale: Scale) {
    this.#title = title;
    this.#scale = scale;
    this.#plot = draw("g", {});
    this.#cursor = draw("g", {});
    this.#svg = draw("svg", { role: "img", tabindex: 0 }, this.#plot, this.#cursor);
    this.#legend = make("span", { class: "reading" });
    this.#place = make("p", { class: "at" });
    this.#spoken = make("p", { class: "unseen", "aria-live": "polite" });
    this.element = make(
      "figure",
      { class: "card live" },
      make("figcaption", {}, make("h3", {}, title), this.#legend),
      this.#svg,
      this.#place,
      this.#spoken,
    );
    const look = (event: PageEvent) => {
      this.#look(this.#axes.fromX(event.clientX - this.#svg.getBoundingClientRect().left));
    };
    this.#svg.addEventListener("pointermove", look);
    this.#svg.addEventListener("pointerdown", look);
    this.#svg.addEventListener("pointerleave", () => this.#look(null));
    this.#svg.addEventListener("blur", () => this.#look(null));
    this.#svg.addEventListener("keydown", (event) => this.#press(event));
    new browser.ResizeObserver(() => this.#draw()).observe(this.#svg);
  }

  /**
   * Shows curves instead of those before.
   *
   * @param curves The curves; those without points are left out.
   * @param best The place of the best checkpoint, if there is one.
   * @param scale How to measure from now on.
   */
  show(curves: readonly Curve[], best: number | null, scale: Scale = this.#scale): void {
    this.#curves = curves.filter(({ points }) => points.length > 0);
    this.#best = best;
    this.#scale = scale;
    this.#draw();
  }

  /** The range of the values, with some room. */
  #range(): [low: number, high: number] {
    const values = this.#curves.flatMap(({ points }) => points.map(([, y]) => y));
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (this.#isLogarithmic) return [low / 1.2, high * 1.2];
    if (this.#scale.fromZero) return [0, high * 1.08 || 1];
    const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
    return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
  }

  get #isLogarithmic(): boolean {
    return this.#scale.isLogarithmic === true &&
      this.#curves.every(({ points }) => points.every(([, y]) => y > 0));
  }

  #draw(): void {
    const width = this.#svg.clientWidth;
    if (width === 0) return;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${this.#height}`);
    if (this.#curves.length === 0) {
      this.#plot.replaceChildren(
        draw(
          "text",
          { x: width / 2, y: this.#height / 2, "text-anchor": "middle" },
          "No figures yet",
        ),
      );
      this.#cursor.replaceChildren();
      return;
    }
    const [left, right, top, bottom] = [48, width - 12, 8, this.#height - 40];
    const [low, high] = this.#range();
    const end = Math.max(1, ...this.#curves.map(({ points }) => points[points.length - 1][0]));
    const project = this.#isLogarithmic ? Math.log : (value: number) => value;
    const [from, to] = [project(low), project(high)];
    this.#axes.x = (value) => left + (right - left) * value / end;
    this.#axes.fromX = (pixel) => end * (pixel - left) / (right - left);
    this.#axes.y = (value) => bottom - (bottom - top) * (project(value) - from) / (to - from);
    const parts: PageElement[] = [];
    for (const value of this.#levels(low, high)) {
      const y = Math.round(this.#axes.y(value)) + 0.5;
      parts.push(
        draw("line", { class: "rule", x1: left, x2: right, y1: y, y2: y }),
        draw("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, this.#scale.format(value)),
      );
    }
    for (const value of ticks(0, end, Math.min(8, width / 70))) {
      parts.push(
        draw(
          "text",
          { x: this.#axes.x(value), y: bottom + 18, "text-anchor": "middle" },
          String(value),
        ),
      );
    }
    const middle = (left + right) / 2;
    parts.push(draw("text", { x: middle, y: bottom + 36, "text-anchor": "middle" }, "Epochs"));
    if (this.#best !== null) {
      const x = Math.round(this.#axes.x(this.#best)) + 0.5;
      const isLate = x > right - 34;
      parts.push(
        draw("line", { class: "mark", x1: x, x2: x, y1: top, y2: bottom }),
        draw(
          "text",
          { x: x + (isLate ? -5 : 5), y: top + 8, "text-anchor": isLate ? "end" : "start" },
          "best",
        ),
      );
    }
    // What is in the background is drawn first.
    const inOrder = [...this.#curves].sort((a, b) => Number(b.isThin ?? 0) - Number(a.isThin ?? 0));
    for (const { points, colour, isThin } of inOrder) {
      const path = points.map(([x, y], i) =>
        `${i === 0 ? "M" : "L"}${this.#axes.x(x).toFixed(1)} ${this.#axes.y(y).toFixed(1)}`
      );
      parts.push(draw("path", { class: `${colour}${isThin ? " thin" : ""}`, d: path.join("") }));
      if (points.length > (isThin ? 1 : 30)) continue;
      for (const [x, y] of points) {
        parts.push(
          draw("circle", { class: colour, cx: this.#axes.x(x), cy: this.#axes.y(y), r: 3.5 }),
        );
      }
    }
    this.#plot.replaceChildren(...parts);
    // A label that changes under the reader's focus would be read out every second.
    if (browser.document.activeElement !== this.#svg) {
      this.#svg.setAttribute("aria-label", this.#words());
    }
    this.#read();
  }

  #levels(low: number, high: number): number[] {
    if (!this.#isLogarithmic) return ticks(low, high, 5);
    const out: number[] = [];
    const decades = Math.log10(high / low);
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const factor of decades < 2 ? [1, 2, 5] : [1]) {
        const value = Number(`${factor}e${power}`);
        if (value >= low && value <= high) out.push(value);
      }
    }
    return out;
  }

  /** The chart in words. */
  #words(): string {
    const { format } = this.#scale;
    const courses = this.#curves.map(({ name, points }) => {
      const [first, last] = [points[0][1], points[points.length - 1][1]];
      return points.length > 1
        ? `${name} from ${format(first)} to ${format(last)}`
        : `${name} ${format(first)}`;
    });
    return `${this.#title}: ${
      courses.map((each) => each.trim()).join("; ")
    }. The arrow keys read single values.`;
  }

  #look(at: number | null): void {
    if (at === null && this.#at === null) return;
    this.#at = at;
    this.#read();
  }

  /** Moves along the curves by a fortieth of their points. */
  #press(event: PageEvent): void {
    const places = [...new Set(this.#curves.flatMap(({ points }) => points.map(([x]) => x)))]
      .sort((a, b) => a - b);
    const last = places.length - 1;
    const stride = Math.max(1, Math.round(places.length / 40));
    const index = this.#at === null ? last : places.findLastIndex((x) => x <= (this.#at ?? 0));
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: index - stride,
      ArrowRight: index + stride,
      Home: 0,
      End: last,
    };
    if (event.key === "Escape") this.#look(null);
    if (!(event.key in targets) || last < 0) return;
    event.preventDefault();
    this.#look(places[Math.max(0, Math.min(last, targets[event.key]))]);
    write(this.#spoken, `${this.#place.textContent}: ${this.#legend.textContent}`);
  }

  /** Writes the legend, with the values where the reader looks or else the newest. */
  #read(): void {
    const { format } = this.#scale;
    const at = this.#at;
    const marks: PageElement[] = [];
    const keys: PageElement[] = [];
    let place: number | null = null;
    for (const { name, colour, isThin, points } of this.#curves) {
      let [nearest] = points.slice(-1);
      if (at !== null) {
        for (const point of points) {
          if (Math.abs(point[0] - at) < Math.abs(nearest[0] - at)) nearest = point;
        }
        if (place === null || Math.abs(nearest[0] - at) < Math.abs(place - at)) place = nearest[0];
        const [cx, cy] = [this.#axes.x(nearest[0]), this.#axes.y(nearest[1])];
        marks.push(draw("circle", { class: colour, cx, cy, r: 4.5 }));
      }
      keys.push(
        make(
          "span",
          { class: `key ${colour}${isThin ? " thin" : ""}` },
          ...(name === "" ? [] : [make("i", {}), name, " "]),
          make("b", {}, format(nearest[1])),
          " ",
        ),
      );
    }
    this.#legend.replaceChildren(...keys);
    write(this.#place, place === null ? "" : `epoch ${Number(place.toFixed(2))}`);
    if (place !== null) {
      const x = this.#axes.x(place);
      marks.unshift(draw("line", { class: "cursor", x1: x, x2: x, y1: 8, y2: this.#height - 40 }));
    }
    this.#cursor.replaceChildren(...marks);
  }
}
