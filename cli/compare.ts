/**
 * `fer compare`: runs side by side.
 *
 * @module
 */
import { predictDataset } from "../src/predict.ts";
import type { FerDataset } from "../src/data.ts";
import { predictedLabels } from "../src/metrics.ts";
import { loadModel } from "../src/model.ts";
import {
  type ComparedFigure,
  type Comparison,
  type SharedRows,
  writeComparison,
} from "../src/report.ts";
import { probability } from "../src/report/comparison_page.ts";
import { DEFAULT_TRAINING_CONFIG } from "../src/train.ts";
import { startComputing } from "./compute.ts";
import { FaceFinder } from "./faces.ts";
import { type Command, UsageError } from "./flags.ts";
import { clock, count, percent } from "./numbers.ts";
import { defineProgram, EXIT, print, type Program, warn } from "./program.ts";
import { readRecipe } from "./recipe.ts";
import { isSameFile } from "./same_file.ts";
import { loadData, trainingSplits } from "./source.ts";
import { placeOf } from "./standing.ts";

const COMMAND = {
  name: "compare",
  about: "Set runs side by side: figures with intervals, curves, the settings that differ, and " +
    "whether the\nruns differ on the same images by more than chance (McNemar's test).",
  operands: "RUN_DIR RUN_DIR...",
  flags: {
    out: {
      kind: "string",
      value: "FILE",
      about: "The page to write, one HTML file",
      otherwise: "comparison.html; none with --json",
    },
    data: {
      kind: "string",
      value: "PATH",
      about: "The data set, for the test on the same validation images",
      otherwise: "the one that the runs were trained on, if it is still there",
    },
    json: { kind: "boolean", about: "Print one JSON object" },
  },
  examples: ["deno task compare runs/first runs/second --out first-second.html"],
} as const satisfies Command;

/** The validation images of a run, or why they are not known. */
async function validationOf(
  run: string,
  given: string | undefined,
  load: (path: string | null, faces: "auto" | "crop" | "find") => Promise<FerDataset>,
): Promise<FerDataset | { readonly missing: string }> {
  let recipe;
  try {
    recipe = await readRecipe(`${run}/config.json`, {});
  } catch (error) {
    return { missing: `${(error as Error).message}.` };
  }
  const { config, data, faces } = recipe;
  const path = given ?? placeOf(data ?? null);
  const isGone = given === undefined && path !== null && !/^https?:/.test(path) &&
    !await Deno.stat(path).then(() => true, () => false);
  if (isGone) return { missing: `${path} of ${run} is not there any more; name it with --data.` };
  const dataset = await load(path, faces ?? "crop");
  return trainingSplits(dataset, config.seed ?? DEFAULT_TRAINING_CONFIG.seed).validation;
}

const isEqual = (a: Uint8Array | Int8Array, b: Uint8Array | Int8Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** What the runs say of the same validation images, or why that is not known. */
async function sharedRows(
  runs: readonly string[],
  given: string | undefined,
): Promise<SharedRows | { readonly missing: string }> {
  for (const run of runs) {
    const has = await Deno.stat(`${run}/best.safetensors`).then(() => true, () => false);
    if (!has) return { missing: `${run} has no best.safetensors.` };
  }
  let computing: ReturnType<typeof startComputing> | undefined;
  const start = () => computing ??= startComputing();
  const loaded = new Map<string, Promise<FerDataset>>();
  const load = async (path: string | null, faces: "auto" | "crop" | "find") => {
    const read = async () => {
      const finder = new FaceFinder(faces, start);
      const dataset = await loadData(path, finder);
      await finder.dispose();
      return dataset;
    };
    const key = `${faces} ${path}`;
    const dataset = loaded.get(key) ?? read();
    loaded.set(key, dataset);
    return await dataset;
  };
  const predicted: ArrayLike<number>[] = [];
  let rows: FerDataset | undefined;
  for (const run of runs) {
    const validation = await validationOf(run, given, load);
    if ("missing" in validation) return validation;
    rows ??= validation;
    const isSame = isEqual(rows.labels, validation.labels) &&
      isEqual(rows.pixels, validation.pixels) &&
      JSON.stringify(rows.classes) === JSON.stringify(validation.classes);
    if (!isSame) {
      return { missing: `${runs[0]} and ${run} were not validated on the same images.` };
    }
    await start();
    const { model, metadata: { classes } } = await loadModel(`${run}/best.safetensors`);
    if (JSON.stringify(classes) !== JSON.stringify(validation.classes)) {
      model.dispose();
      return { missing: `The network of ${run} has other classes than its data.` };
    }
    predicted.push(predictedLabels(await predictDataset(model, validation), classes.length));
    model.dispose();
  }
  (await computing)?.stop();
  return { labels: rows?.labels ?? [], predicted };
}

/** Columns padded to one width each, the first to the left, the rest to the right. */
function aligned(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
  );
}

function printComparison({ runs, settings, pairs }: Comparison, missing: string | null): void {
  const shown = (value: number | null, write: (value: number) => string) =>
    value === null ? "-" : write(value);
  const figure = (each: ComparedFigure | null) => {
    if (!each) return "-";
    const { value, interval } = each;
    return percent(value) + (interval ? ` (${interval.map(percent).join(" to ")})` : "");
  };
  const head = ["run", "accuracy", "macro-F1", "loss", "best epoch", "time", "parameters"];
  const lines = runs.map((run) => [
    run.name,
    figure(run.accuracy),
    figure(run.macroF1),
    shown(run.loss, (value) => value.toFixed(4)),
    run.bestEpoch === null ? "-" : `${run.bestEpoch} of ${run.epochs}`,
    shown(run.seconds, clock),
    shown(run.parameters, count),
  ]);
  for (const line of aligned([head, ...lines])) print(line);
  print("");
  if (settings.length === 0) print("All recorded settings are the same.");
  else {
    const value = (each: unknown) =>
      each === undefined ? "-" : String(JSON.stringify(each)).replaceAll('"', "");
    const rows = settings.map(({ name, values }) => [name, ...values.map(value)]);
    for (const line of aligned([["settings", ...runs.map(({ name }) => name)], ...rows])) {
      print(line);
    }
  }
  print("");
  for (const { first, second, onlyFirst, onlySecond, pValue } of pairs) {
    print(
      `${runs[first].name} and ${runs[second].name}: the first alone is right about ` +
        `${count(onlyFirst)} images, the second alone about ${count(onlySecond)}; ` +
        `McNemar's p ${probability(pValue)}`,
    );
  }
  if (missing !== null) print(`No test on the same images: ${missing}`);
}

/** The command. */
export const PROGRAM: Program = defineProgram(COMMAND, async ({ out, data, json }, operands) => {
  const runs = operands.map((run) => run.replace(/(?<=.)[/\\]+$/, ""));
  if (runs.length < 2) {
    throw new UsageError(`Cannot compare ${runs.length} runs: name two RUN_DIRs or more`);
  }
  for (const [i, run] of runs.entries()) {
    for (const other of runs.slice(0, i)) {
      if (await isSameFile(run, other)) {
        throw new UsageError(`Cannot compare ${other} with ${run}: they are one folder`);
      }
    }
  }
  const path = out ?? (json ? null : "comparison.html");
  if (path !== null && !/\.html?$/i.test(path)) {
    throw new UsageError(`Cannot write the page to ${path}: expected a name in .html`);
  }
  // What is no run is found out before anything is computed.
  await writeComparison(runs, null);
  const rows = await sharedRows(runs, data);
  const comparison = await writeComparison(runs, path, { rows });
  const missing = "missing" in rows ? rows.missing : null;
  if (json) {
    if (missing !== null) warn(`No test on the same images: ${missing}`);
    print(JSON.stringify(comparison));
  } else {
    printComparison(comparison, missing);
    print(`Page  ${path}`);
  }
  return EXIT.ok;
});

if (import.meta.main) await PROGRAM.run(Deno.args);
