/**
 * Runs side by side, in figures.
 *
 * @module
 */
import type { ConfidenceInterval } from "../metrics/interval.ts";
import { type McNemarResult, mcnemarTest } from "../metrics/mcnemar.ts";
import { type JsonObject, objectIn, type Run } from "./run_folder.ts";
import { epochsOf } from "./summary.ts";

/** A figure and how far it may be from the true one. */
export interface ComparedFigure {
  /** The figure. */
  readonly value: number;
  /** Its 95 % interval, where it is known. */
  readonly interval: ConfidenceInterval | null;
}

/** What a comparison says of one run; null for what is not known. */
export interface ComparedRun {
  /** What it is called. */
  readonly name: string;
  /** Share of the validation images that the best weights get right. */
  readonly accuracy: ComparedFigure | null;
  /** Macro-F1 of the best weights on the validation images. */
  readonly macroF1: ComparedFigure | null;
  /** Accuracy on the validation images whose pixels are not in the training split. */
  readonly leakFreeAccuracy: number | null;
  /** Mean cross-entropy on the validation images. */
  readonly loss: number | null;
  /** Expected calibration error. */
  readonly calibrationError: number | null;
  /** The epoch that the best weights are of. */
  readonly bestEpoch: number | null;
  /** Epochs that have ended. */
  readonly epochs: number;
  /** Seconds of training. */
  readonly seconds: number | null;
  /** Parameters of the network. */
  readonly parameters: number | null;
}

/** A setting in which runs differ. */
export interface ComparedSetting {
  /** Its name, as in `config.json`. */
  readonly name: string;
  /** Its value in each run; undefined where the run has none. */
  readonly values: readonly unknown[];
}

/** McNemar's test of two runs. */
export interface ComparedPair extends McNemarResult {
  /** The place of the first run, from 0. */
  readonly first: number;
  /** The place of the second one. */
  readonly second: number;
}

/** Runs side by side. */
export interface Comparison {
  /** The runs. */
  readonly runs: readonly ComparedRun[];
  /** The settings that are not the same in all of them. */
  readonly settings: readonly ComparedSetting[];
  /** McNemar's test of each pair; none where predictions are not at hand. */
  readonly pairs: readonly ComparedPair[];
}

/** What runs say of the same rows. */
export interface SharedRows {
  /** The true labels, `[n]`. */
  readonly labels: ArrayLike<number>;
  /** What each run says, `[n]` each. */
  readonly predicted: ReadonlyArray<ArrayLike<number>>;
}

const numberOr = (value: unknown): number | null => typeof value === "number" ? value : null;

function compared(run: Run, name: string): ComparedRun {
  const { evaluation } = run;
  const epochs = epochsOf(run.metrics);
  const best = epochs.findLast((epoch) => epoch.best);
  const figure = (
    value: number | null | undefined,
    interval: ConfidenceInterval | undefined,
  ): ComparedFigure | null =>
    typeof value === "number" ? { value, interval: interval ?? null } : null;
  return {
    name,
    accuracy: figure(evaluation?.accuracy ?? best?.valAccuracy, evaluation?.accuracyInterval),
    macroF1: figure(evaluation?.macroF1 ?? best?.valMacroF1, evaluation?.macroF1Interval),
    leakFreeAccuracy: numberOr(evaluation?.leakFree?.accuracy),
    loss: numberOr(evaluation?.loss ?? best?.valLoss),
    calibrationError: numberOr(evaluation?.ece),
    bestEpoch: numberOr(best?.epoch),
    epochs: epochs.length,
    seconds: numberOr(run.metrics.at(-1)?.seconds),
    parameters: numberOr(run.config?.parameters),
  };
}

/** All that was chosen for a run, by name. */
function settingsOf({ config }: Run): ReadonlyMap<string, unknown> {
  const { name, options } = objectIn(config, "architecture");
  const tuning = objectIn(config, "tuning");
  const inner: JsonObject = typeof options === "object" && options !== null
    ? options as JsonObject
    : {};
  return new Map<string, unknown>([
    ...Object.entries(objectIn(config, "config")),
    ...(name === undefined ? [] : [["network", name] as const]),
    ...Object.entries(inner).map(([key, value]) => [`network.${key}`, value] as const),
    ...(tuning.source === undefined ? [] : [["tuning", tuning.source] as const]),
    ...["libraryVersion"].flatMap((key) =>
      config?.[key] === undefined ? [] : [[key, config[key]] as const]
    ),
  ]);
}

/** Names that tell runs apart: those of their folders, unless two have the same. */
function namesOf(runs: readonly Run[], folders: readonly string[]): string[] {
  const names = runs.map(({ name }) => name);
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : folders[i]
  );
}

/**
 * Compares runs.
 *
 * @param runs The runs.
 * @param folders Where each is, in the same order.
 * @param rows What they say of the same rows, where that is at hand.
 * @returns The runs side by side.
 */
export function compareRuns(
  runs: readonly Run[],
  folders: readonly string[],
  rows?: SharedRows,
): Comparison {
  const names = namesOf(runs, folders);
  const all = runs.map(settingsOf);
  const keys = [...new Set(all.flatMap((settings) => [...settings.keys()]))];
  const settings = keys.map((name) => ({ name, values: all.map((each) => each.get(name)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
  const pairs: ComparedPair[] = [];
  for (let first = 0; rows && first < runs.length; first++) {
    for (let second = first + 1; second < runs.length; second++) {
      const { labels, predicted } = rows;
      pairs.push({ first, second, ...mcnemarTest(labels, predicted[first], predicted[second]) });
    }
  }
  return { runs: runs.map((run, i) => compared(run, names[i])), settings, pairs };
}
