/**
 * What the comparison found, as JSON and for people.
 *
 * @module
 */
import {
  applyTemperature,
  evaluateProbabilities,
  type Evaluation,
  expectedCalibrationError,
  logLoss,
  type ReliabilityBin,
  reliabilityCurve,
} from "../../src/metrics.ts";
import { NONE, number, type TableForm, tableLines } from "../table.ts";
import type { Backend } from "./contestant.ts";

/** Milliseconds on one backend. */
export interface BackendTimes {
  readonly backend: Backend;
  /** What computed. */
  readonly adapter: string;
  /** A single image, from its pixels to its probabilities. */
  readonly image1Ms: number;
  /** An image among 64. */
  readonly image64Ms: number;
}

/** What a network's probabilities were before they were divided by its temperature. */
export interface Uncalibrated {
  /** That temperature. */
  readonly temperature: number;
  readonly ece: number;
  readonly loss: number;
}

/** How well a network does. */
export interface Scores {
  readonly evaluation: Evaluation;
  readonly reliability: readonly ReliabilityBin[];
  /** Null where there is no temperature, or views of an image are averaged. */
  readonly uncalibrated: Uncalibrated | null;
}

/** One network's figures. */
export interface Contestant extends Scores {
  readonly name: string;
  readonly isOurs: boolean;
  readonly tta: boolean;
  readonly version: string;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly parameters: number;
  readonly times: readonly BackendTimes[];
  /** The least of `image64Ms`; null where nothing was timed. */
  readonly msPerImage: number | null;
}

/** The images. */
export interface ComparedData {
  /** The file's name. */
  readonly source: string;
  readonly usage: string;
  readonly images: number;
  readonly classes: readonly string[];
}

/** The comparison's JSON. */
export interface Comparison {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly libraryVersion: string;
  /** Whether only a few images were looked at: the figures then say nothing. */
  readonly quick: boolean;
  readonly data: ComparedData;
  readonly contestants: readonly Contestant[];
  readonly missing: ReadonlyArray<{ readonly name: string; readonly why: string }>;
}

/**
 * Probabilities in the data set's order of classes.
 *
 * @param probabilities The network's, `[n, classes]`.
 * @param theirs Its classes.
 * @param ours The data set's.
 * @throws {TypeError} When the classes are others.
 */
export function reorder(
  probabilities: Float32Array,
  theirs: readonly string[],
  ours: readonly string[],
): Float32Array {
  const places = ours.map((name) => theirs.indexOf(name));
  if (places.includes(-1) || theirs.length !== ours.length) {
    throw new TypeError(`it tells ${theirs.join(", ")} apart, not ${ours.join(", ")}`);
  }
  const k = ours.length;
  return probabilities.map((_, i) => probabilities[i - i % k + places[i % k]]);
}

/**
 * How well probabilities do.
 *
 * @param probabilities In the data set's order of classes.
 * @param labels The true labels.
 * @param classes The class names.
 * @param leakFree The images that are not in Training; null where that is not known.
 * @param temperature What the logits of each were divided by; null where that is not known.
 */
export function scoresOf(
  probabilities: Float32Array,
  labels: ArrayLike<number>,
  classes: readonly string[],
  leakFree: ArrayLike<number> | null,
  temperature: number | null = null,
): Scores {
  const options = { classes: classes.length };
  let uncalibrated: Uncalibrated | null = null;
  if (temperature !== null) {
    const before = applyTemperature(probabilities, 1 / temperature, options);
    const ece = expectedCalibrationError(labels, before, options);
    uncalibrated = { temperature, ece, loss: logLoss(labels, before, options) };
  }
  return {
    uncalibrated,
    evaluation: evaluateProbabilities(probabilities, labels, {
      classes,
      leakFree: leakFree ?? undefined,
    }),
    reliability: reliabilityCurve(labels, probabilities, options),
  };
}

const percent = (fraction: number | undefined): string =>
  fraction === undefined ? NONE : (100 * fraction).toFixed(1);

/** The fastest backend's figure and name. */
function timeCell(times: readonly BackendTimes[], key: "image1Ms" | "image64Ms"): string {
  const [best] = times.toSorted((a, b) => a[key] - b[key]);
  return best ? `${number(best[key])} ${best.backend}` : NONE;
}

/** A network's name, with what is done at test time. */
export const titleOf = ({ name, tta }: Pick<Contestant, "name" | "tta">): string =>
  tta ? `${name}, test-time augmentation` : name;

/**
 * The comparison in words.
 *
 * @param comparison What was found.
 * @param form Plain text for a terminal, or Markdown for a page.
 */
export function tablesOf(comparison: Comparison, form: TableForm): string {
  const { machine, quick, data, contestants, missing } = comparison;
  const item = form === "plain" ? "  " : "- ";
  const rows = contestants.map((each) => {
    const { accuracy, accuracyInterval: [low, high], macroF1, leakFree } = each.evaluation;
    return [
      titleOf(each),
      percent(accuracy),
      `${percent(low)} to ${percent(high)}`,
      percent(macroF1),
      percent(leakFree?.accuracy),
      timeCell(each.times, "image1Ms"),
      timeCell(each.times, "image64Ms"),
      number(each.bytes / 1e6),
    ];
  });
  const head = ["network", "accuracy", "95 %", "macro-F1", "leak-free", "ms alone", "ms of 64"];
  return [
    `${machine.date}, ${machine.adapter}, ${machine.cores} cores, Deno ${machine.deno}`,
    `${data.source}, ${data.usage}: ${data.images.toLocaleString("en-US")} images, ` +
    `of them ${
      contestants[0]?.evaluation.leakFree?.n.toLocaleString("en-US") ?? "an unknown number"
    } not in Training`,
    ...(quick ? ["A quick run on a few images: it shows that all works, no more."] : []),
    ...(form === "markdown" ? [""] : []),
    ...contestants.map((each) => `${item}${titleOf(each)}: ${each.version}`),
    ...missing.map(({ name, why }) => `${item}${name} is missing: ${why}`),
    ...tableLines({
      heading: "Percent, milliseconds an image on the fastest backend, megabytes",
      rows: [[...head, "MB"], ...rows],
    }, form),
  ].join("\n");
}
