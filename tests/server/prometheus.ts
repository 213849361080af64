/**
 * Prometheus's text format 0.0.4, read as its documentation describes it:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

/** A line with a value. */
export interface Sample {
  /** The name, with a histogram's ending. */
  readonly name: string;
  /** The labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** The value. */
  readonly value: number;
}

/** A figure. */
export interface Family {
  /** `counter`, `gauge` or `histogram`. */
  readonly type: string;
  /** Its samples. */
  readonly samples: Sample[];
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length;) {
    const match = LABEL.exec(text);
    assert(match, `labels {${text}}`);
    assert(!Object.hasOwn(labels, match[1]), `label ${match[1]} twice`);
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c);
  }
  return labels;
}

function valueOf(text: string): number {
  const special: Record<string, number> = { "+Inf": Infinity, "-Inf": -Infinity, NaN };
  const value = Object.hasOwn(special, text) ? special[text] : Number(text);
  assert(text === "NaN" || !Number.isNaN(value), `value ${text}`);
  return value;
}

/** That a histogram's buckets go up to its count, for each set of labels. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, { buckets: [number, number][]; count?: number; sum?: number }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    const each = series.get(key) ?? { buckets: [] };
    series.set(key, each);
    if (sample.name === `${name}_bucket`) each.buckets.push([valueOf(le), sample.value]);
    else if (sample.name === `${name}_count`) each.count = sample.value;
    else if (sample.name === `${name}_sum`) each.sum = sample.value;
    else assert(false, `${sample.name} in histogram ${name}`);
  }
  for (const { buckets, count, sum } of series.values()) {
    assert(sum !== undefined && buckets.length > 0);
    assertEquals(buckets.at(-1), [Infinity, count]);
    buckets.slice(1).forEach(([bound, value], i) => {
      assert(bound > buckets[i][0] && value >= buckets[i][1], `buckets of ${name}`);
    });
  }
}

/**
 * Reads a page of figures; strict.
 *
 * @param text The page.
 * @returns The figures by name.
 */
export function parseMetrics(text: string): Map<string, Family> {
  assert(text.endsWith("\n"), "the last line has no end");
  const families = new Map<string, Family>();
  let open = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) .+$/.exec(line);
    if (help) {
      assert(!families.has(help[1]), `${help[1]} twice`);
      open = help[1];
      continue;
    }
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      assertEquals(type[1], open, "TYPE follows HELP");
      families.set(open, { type: type[2], samples: [] });
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    assert(sample, `line ${line}`);
    const [, name, labels = "", value] = sample;
    const family = families.get(open);
    assert(family, `${name} before its TYPE`);
    const isOwn = family.type === "histogram" ? name.startsWith(`${open}_`) : name === open;
    assert(isOwn, `${name} among those of ${open}`);
    family.samples.push({ name, labels: labelsOf(labels), value: valueOf(value) });
  }
  for (const [name, { type, samples }] of families) {
    if (type === "histogram") checkHistogram(name, samples);
  }
  return families;
}
