/**
 * Figures for Prometheus, in its text format 0.0.4.
 *
 * @module
 */

/** The media type of what {@linkcode Metrics.text} gives. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Names and values that tell the series of a figure apart. */
export type Labels = Readonly<Record<string, string>>;

/** A figure that only grows. */
export interface Counter {
  /**
   * Adds to it.
   *
   * @param labels Of the series.
   * @param by How much.
   */
  add(labels?: Labels, by?: number): void;
}

/** How often a value fell into each of several ranges. */
export interface Histogram {
  /**
   * Counts a value.
   *
   * @param value The value.
   * @param labels Of the series.
   */
  observe(value: number, labels?: Labels): void;
}

/** A figure that goes up and down, read when asked for; `undefined` when it is not known. */
export type Gauge = () => number | undefined;

/** `{a="b"}`; backslashes, quotes and line ends escaped as the format wants. */
function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    return `${name}="${escaped}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function shown(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}

/** Figures under their names. */
export class Metrics {
  readonly #writers: (() => string[])[] = [];
  readonly #names = new Set<string>();

  #add(name: string, help: string, type: string, series: () => string[]): void {
    if (!/^[a-z_][a-z0-9_]*$/.test(name) || this.#names.has(name)) {
      throw new RangeError(`Cannot name a figure ${name}: it is no name, or there is one of it`);
    }
    this.#names.add(name);
    const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
    this.#writers.push(() => {
      const lines = series();
      return lines.length === 0 ? [] : [...head, ...lines];
    });
  }

  /**
   * Adds a figure that only grows.
   *
   * @param name Its name; by custom it ends in `_total`.
   * @param help What it is, in one line.
   * @returns What to add to.
   */
  counter(name: string, help: string): Counter {
    const values = new Map<string, number>();
    this.#add(name, help, "counter", () => [...values].map(([key, v]) => `${name}${key} ${v}`));
    return {
      add(labels = {}, by = 1) {
        const key = inBraces(labels);
        values.set(key, (values.get(key) ?? 0) + by);
      },
    };
  }

  /**
   * Adds a figure that is read when asked for.
   *
   * @param name Its name.
   * @param help What it is, in one line.
   * @param series Its value, or those of several series.
   */
  gauge(name: string, help: string, series: Gauge | readonly (readonly [Labels, Gauge])[]): void {
    const all = typeof series === "function" ? [[{}, series] as const] : series;
    this.#add(name, help, "gauge", () =>
      all.flatMap(([labels, read]) => {
        const value = read();
        return value === undefined ? [] : [`${name}${inBraces(labels)} ${shown(value)}`];
      }));
  }

  /**
   * Adds a histogram.
   *
   * @param name Its name.
   * @param help What it counts, in one line.
   * @param bounds The upper ends of its ranges, ascending, without infinity.
   * @returns What to give values to.
   */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const all = new Map<string, { labels: Labels; counts: number[]; sum: number; n: number }>();
    this.#add(
      name,
      help,
      "histogram",
      () =>
        [...all].flatMap(([key, { labels, counts, sum, n }]) => {
          let below = 0;
          const buckets = bounds.map((bound, i) => {
            below += counts[i];
            return `${name}_bucket${inBraces({ ...labels, le: shown(bound) })} ${below}`;
          });
          return [
            ...buckets,
            `${name}_bucket${inBraces({ ...labels, le: "+Inf" })} ${n}`,
            `${name}_sum${key} ${shown(sum)}`,
            `${name}_count${key} ${n}`,
          ];
        }),
    );
    return {
      observe(value, labels = {}) {
        const key = inBraces(labels);
        let series = all.get(key);
        if (!series) {
          series = { labels, counts: bounds.map(() => 0), sum: 0, n: 0 };
          all.set(key, series);
        }
        const place = bounds.findIndex((bound) => value <= bound);
        if (place >= 0) series.counts[place]++;
        series.sum += value;
        series.n++;
      },
    };
  }

  /** Everything, as Prometheus reads it. */
  text(): string {
    return this.#writers.flatMap((write) => write()).join("\n") + "\n";
  }
}
