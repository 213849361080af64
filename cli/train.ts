/**
 * `fer train`: from a data set to a model, its checkpoints and a report.
 *
 * @module
 */
import { useWebGpu } from "../mod.ts";
import { serveDashboard } from "../src/dashboard.ts";
import { auditDataset, type FerDataset, USAGES, withFerPlus } from "../src/data.ts";
import {
  type ArchitectureConfig,
  buildArchitecture,
  type FerModel,
  loadModel,
  loadModelWeights,
  networks,
} from "../src/model.ts";
import { writeReport } from "../src/report.ts";
import {
  DEFAULT_TRAINING_CONFIG,
  readRecord,
  RunDirectory,
  TensorBoardLog,
  Trainer,
  type TrainingConfig,
  trainingConfig,
  type TrainingResult,
  writeRecord,
} from "../src/train.ts";
import type { Setting } from "../src/train/setting.ts";
import { SETTINGS } from "../src/train/settings.ts";
import { auditLines } from "./audit.ts";
import { invocation } from "./called.ts";
import { modelFile } from "./choose_model.ts";
import { FaceFinder, type FaceMode, FACES_FLAG } from "./faces.ts";
import { type Command, type FlagValues, kebabCase, UsageError } from "./flags.ts";
import { catchInterrupt } from "./interrupt.ts";
import { RUNS } from "./newest_model.ts";
import { clock, count, percent } from "./numbers.ts";
import { defineProgram, EXIT, print, type Program } from "./program.ts";
import { ProgressDisplay, streamOutput } from "./progress.ts";
import { readRecipe, type Recipe } from "./recipe.ts";
import {
  DATA_FLAG,
  DRAWN_NOTICE,
  findData,
  findVotes,
  loadData,
  trainingSplits,
  VOTES_FLAG,
} from "./source.ts";
import { isSameFile } from "./same_file.ts";
import { settingFlags } from "./setting_flags.ts";
import { placeOf, recordedPath } from "./standing.ts";
import { DEFAULT_TUNING, gpuOptions, resolveTuning, type Tuning } from "./tuning.ts";

/** What the recipe becomes on drawn faces: all there is to see within minutes, also in software. */
const ON_DRAWN_FACES = {
  epochs: 12,
  batchSize: 32,
  scheduler: "cosine",
  augment: "none",
} as const satisfies Partial<TrainingConfig>;

/** The network where none is named. */
const [DEFAULT_NETWORK] = networks();

const RECIPE = DEFAULT_TRAINING_CONFIG;

const COMMAND = {
  name: "train",
  about: "Train a network. The best weights, checkpoints, metrics and a report go to a run folder.",
  flags: {
    data: DATA_FLAG,
    faces: FACES_FLAG,
    network: {
      kind: "choice",
      choices: networks().map(({ name }) => name),
      about: `The network: ${networks().map(({ name, about }) => `${name}, ${about}`).join("; ")}`,
      otherwise: `${DEFAULT_NETWORK.name}, or the recipe's`,
    },
    ...settingFlags(ON_DRAWN_FACES),
    votes: VOTES_FLAG,
    "run-dir": {
      kind: "string",
      value: "DIR",
      about: "The run folder",
      otherwise: `${RUNS}/ and the time`,
    },
    resume: {
      kind: "string",
      value: "DIR",
      about:
        "Go on with the run in this folder; only limits, display and the place of the data may change",
    },
    init: {
      kind: "string",
      value: "FILE",
      about:
        "Begin from the weights of this model or this run's folder, or of the packaged network",
      otherwise: "new weights",
    },
    recipe: {
      kind: "string",
      value: "FILE",
      about: "Take settings from a JSON file, for instance a config.json, or fernet; flags win",
    },
    tuning: {
      kind: "string",
      value: "default|auto|off|FILE",
      about: "The GPU's kernels: as shipped, as deno task tune found, tfjs's own, as a file says",
      otherwise: "default, or the recipe's",
    },
    dashboard: { kind: "boolean", about: "Show the training on a live page of this machine" },
    port: {
      kind: "integer",
      value: "N",
      min: 0,
      max: 65535,
      about: "The dashboard's port; 0 for any",
      otherwise: "the first free one from 4848 on",
    },
    tensorboard: {
      kind: "boolean",
      about: "Write an event file for TensorBoard into the run folder",
    },
    quiet: { kind: "boolean", about: "Say nothing but errors" },
  },
  examples: [
    "deno task train --data fer2013.csv.gz --run-dir runs/first",
    "deno task train --data fer2013.csv.gz --recipe fernet",
    "deno task train --resume runs/first",
    "deno task train --resume runs/first --epochs 90",
  ],
} as const satisfies Command;

type Given = FlagValues<typeof COMMAND.flags>;

/** What may change in a run that goes on: limits, and what it shows. */
const RESUMABLE: readonly string[] = [
  ...Object.entries<Setting>(SETTINGS).flatMap(([name, { mayChange }]) => mayChange ? [name] : []),
  "resume",
  "dashboard",
  "port",
  "tensorboard",
  "quiet",
  "debug",
];

/** A training, all its settings known. */
interface Plan {
  readonly runDirectory: string;
  readonly isResumed: boolean;
  /** Whether the data of a run that goes on are named anew. */
  readonly isMoved: boolean;
  readonly config: TrainingConfig;
  /** What would train the same from the start. */
  readonly command: readonly string[];
  /** The data set; `null` for drawn faces. */
  readonly data: string | null;
  /** FER+'s votes; `null` where none are needed, or the data has its own. */
  readonly votes: string | null;
  /** How a folder's pictures are framed by their faces. */
  readonly faces: FaceMode;
  readonly init: string | null;
  /** The network; `undefined` for that of `init`. */
  readonly architecture?: ArchitectureConfig;
  readonly tuning: Tuning;
}

/** The settings among the flags. */
function settingsOf(given: Given): Partial<TrainingConfig> {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn(SETTINGS, name)),
  );
}

/** The command that began a run, with another length where it is given one. */
async function recordedCommand(
  path: string,
  { epochs, decayEpochs, fullSizeEpochs }: Given,
): Promise<string[]> {
  const { command } = await readRecord(path);
  const changes = { epochs, "decay-epochs": decayEpochs, "full-size-epochs": fullSizeEpochs };
  let words = [...command ?? []];
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    const at = words.indexOf(`--${name}`);
    if (at >= 0) words.splice(at, 2);
    words = words.filter((word) => !word.startsWith(`--${name}=`));
    words.push(`--${name}`, String(value));
  }
  return words;
}

/** The flag that would change a run that goes on, if any; the same values as before change nothing. */
async function changedFlag(
  given: Given,
  runDirectory: string,
  recorded: Recipe,
): Promise<string | undefined> {
  const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const isSamePath = async (a: string | null | undefined, b: string | null | undefined) =>
    a === b || (a && b ? await isSameFile(a, placeOf(b)) : false);
  for (const [name, value] of Object.entries(given)) {
    if (RESUMABLE.includes(name) || name === "data" || name === "votes") continue;
    let isSame: boolean;
    if (name === "runDir") isSame = await isSamePath(given.runDir, runDirectory);
    else if (name === "init") {
      const init = await modelFile(given.init ?? "", "--init");
      isSame = await isSamePath(init, recorded.init);
    } else if (name === "network") {
      isSame = value === (recorded.architecture?.name ?? DEFAULT_NETWORK.name);
    } else if (name === "tuning") {
      isSame = isEqual(await resolveTuning(given.tuning ?? "", () => {}), recorded.tuning);
    } else if (name === "recipe") {
      const recipe = await readRecipe(given.recipe ?? "", COMMAND.flags);
      const before: Readonly<Record<string, unknown>> = { ...RECIPE, ...recorded.config };
      const other = Object.entries(recipe.config).find(([setting, its]) =>
        !RESUMABLE.includes(setting) && !(setting in given) && !isEqual(its, before[setting])
      );
      isSame = other === undefined &&
        (!recipe.architecture || recipe.architecture.name === recorded.architecture?.name);
    } else {
      const before: Readonly<Record<string, unknown>> = { ...RECIPE, ...recorded.config };
      isSame = isEqual(value, before[name]);
    }
    if (!isSame) return name;
  }
  return undefined;
}

/** Writes down where data are now that have been found to be the same. */
async function recordPlaces(directory: RunDirectory, { data, votes }: Plan): Promise<void> {
  const record = await readRecord(directory.path);
  const places = { data: recordedPath(data), votes: recordedPath(votes) };
  await writeRecord(directory, { ...record, config: { ...record.config, ...places } });
}

async function planResume(given: Given, runDirectory: string): Promise<Plan> {
  const isRun = await Deno.stat(`${runDirectory}/config.json`).then(() => true, () => false);
  if (!isRun) throw new Error(`Cannot resume ${runDirectory}: it holds no config.json`);
  const recorded = await readRecipe(`${runDirectory}/config.json`, COMMAND.flags);
  const changed = await changedFlag(given, runDirectory, recorded);
  if (changed) {
    const allowed = RESUMABLE.filter((name) => name !== "resume").map((name) =>
      `--${kebabCase(name)}`
    );
    throw new UsageError(
      `Cannot change --${kebabCase(changed)} of a run that goes on: only ${
        allowed.join(", ")
      } may change`,
    );
  }
  const { config, data, votes, faces, init, architecture, tuning } = recorded;
  if (given.data !== undefined && given.data !== data) {
    const { dataFingerprint } = await readRecord(runDirectory);
    if (!dataFingerprint) {
      throw new UsageError(
        `Cannot go on with ${runDirectory} on --data ${given.data}: the run is of a version that ` +
          `did not record what its data are, only their place, ${data}`,
      );
    }
  }
  return {
    runDirectory,
    isResumed: true,
    isMoved: given.data !== undefined || given.votes !== undefined,
    command: await recordedCommand(runDirectory, given),
    config: trainingConfig({ ...config, ...settingsOf(given) }),
    data: given.data ?? placeOf(data ?? null),
    votes: given.votes ?? placeOf(votes ?? null),
    // Runs from before there was a choice took pictures whole.
    faces: faces ?? "crop",
    init: placeOf(init ?? null),
    architecture: architecture ?? { name: DEFAULT_NETWORK.name, options: {} },
    tuning: tuning ?? DEFAULT_TUNING,
  };
}

/** A name that sorts by time: `20260711-183005`. */
function runName(): string {
  return new Date().toISOString().replace(/\..*/, "").replace(/[-:]/g, "").replace("T", "-");
}

/** The network that is asked for; the recipe's options hold where it has the same. */
function chooseNetwork(
  network: Given["network"],
  ofRecipe: ArchitectureConfig | undefined,
  onDrawnFaces: boolean,
): ArchitectureConfig {
  if (ofRecipe && (!network || network === ofRecipe.name)) return ofRecipe;
  const { name, onDrawnFaces: small = {} } = networks().find((each) => each.name === network) ??
    DEFAULT_NETWORK;
  return { name, options: onDrawnFaces ? small : {} };
}

async function planRun(given: Given, args: readonly string[]): Promise<Plan> {
  const recipe: Recipe = given.recipe ? await readRecipe(given.recipe, COMMAND.flags) : {
    config: {},
  };
  const data = given.data ?? recipe.data ?? await findData(undefined);
  const base = data === null ? ON_DRAWN_FACES : {};
  const config = trainingConfig({ ...base, ...recipe.config, ...settingsOf(given) });
  const init = given.init ? await modelFile(given.init, "--init") : recipe.init ?? null;
  if (given.network && init !== null) {
    throw new UsageError(`Cannot set --network to "${given.network}": ${init} names its own`);
  }
  const votes = config.ferPlusWeight > 0 && data !== null
    ? await findVotes(given.votes ?? recipe.votes ?? undefined, data)
    : null;
  if (given.votes !== undefined && votes === null) {
    throw new UsageError("Cannot use --votes without --fer-plus-weight, whose votes they are");
  }
  const tuning = given.tuning === undefined
    ? recipe.tuning ?? DEFAULT_TUNING
    : await resolveTuning(given.tuning, given.quiet ? () => {} : print);
  return {
    runDirectory: given.runDir ?? `${RUNS}/${runName()}`,
    isResumed: false,
    isMoved: false,
    command: [...invocation("train").split(" "), ...args],
    config,
    data: recordedPath(data),
    votes: recordedPath(votes),
    faces: given.faces ?? recipe.faces ?? "auto",
    init: recordedPath(init),
    architecture: init !== null && !recipe.architecture
      ? undefined
      : chooseNetwork(given.network, recipe.architecture, data === null),
    tuning,
  };
}

/**
 * A new network, or the one that `--init` names: with a new head where the classes differ, widened
 * where the recipe's network has more filters or a second output.
 */
async function makeModel(plan: Plan, { classes, size }: FerDataset): Promise<FerModel> {
  const { init, config: { seed, ferPlusWeight }, architecture } = plan;
  const ferPlus = ferPlusWeight > 0;
  if (init === null) {
    const { name, options } = architecture ?? { name: DEFAULT_NETWORK.name, options: {} };
    return buildArchitecture({ name, options: { ...options, ferPlus, size, seed } }, classes);
  }
  const loaded = await loadModel(init);
  const { architecture: its, classes: itsClasses } = loaded.metadata;
  loaded.model.dispose();
  const { name, options } = architecture ?? its;
  const model = buildArchitecture(
    { name, options: { ...its.options, ...options, ferPlus, seed } },
    classes,
  );
  const keepHead = JSON.stringify(itsClasses) !== JSON.stringify(classes);
  await loadModelWeights(model, init, { keepHead, widen: !keepHead });
  return model;
}

/** Runs what may fail; then, unless a run has begun there, leaves no folder that was not there. */
async function keepingNothingHalfDone<T>(
  runDirectory: string,
  work: () => Promise<T>,
): Promise<T> {
  const missing: string[] = [];
  for (let path = runDirectory; path !== "" && path !== "/"; path = path.replace(/\/?[^/]*$/, "")) {
    if (await Deno.stat(path).then(() => true, () => false)) break;
    missing.push(path);
  }
  try {
    return await work();
  } catch (error) {
    const hasBegun = await Deno.stat(`${runDirectory}/config.json`).then(() => true, () => false);
    if (!hasBegun && missing.length > 0) {
      await Deno.remove(`${runDirectory}/.lock`).catch(() => {});
      for (const path of missing) await Deno.remove(path).catch(() => {});
    }
    throw error;
  }
}

function printResult(plan: Plan, result: TrainingResult, report: string | null): void {
  const { best, steps, seconds, stopped } = result;
  const reasons: Readonly<Record<TrainingResult["stopped"], string>> = {
    epochs: "the last epoch is done",
    earlyStopping: `no better validation loss in ${plan.config.patience} epochs`,
    maxSteps: "--max-steps is reached",
    maxMinutes: "--max-minutes is reached",
    aborted: "stopped",
  };
  print(
    `Ended after ${count(steps)} steps in ${clock(seconds)}: ${reasons[stopped]}`,
  );
  if (best) {
    print(
      `Best     epoch ${best.epoch}, validation accuracy ${percent(best.valAccuracy)}, ` +
        `macro-F1 ${percent(best.valMacroF1)}`,
    );
    print(`Model    ${plan.runDirectory}/best.safetensors`);
  }
  if (report) print(`Report   ${report}`);
  if (stopped !== "epochs" && stopped !== "earlyStopping") {
    const further = stopped === "maxSteps" ? " --max-steps 0" : "";
    print(`Go on    ${invocation("train")} --resume ${plan.runDirectory}${further}`);
  }
}

/** How a training is followed. */
interface Display {
  readonly quiet: boolean;
  readonly dashboard: boolean;
  readonly port?: number;
  readonly tensorboard: boolean;
}

async function train(
  plan: Plan,
  { quiet, dashboard, port, tensorboard }: Display,
): Promise<number> {
  const { runDirectory, command, config, data, votes, faces, init, tuning } = plan;
  const say = quiet ? () => {} : print;
  if (data === null) say(DRAWN_NOTICE);
  let opened: ReturnType<typeof useWebGpu> | undefined;
  const openGpu = () => opened ??= useWebGpu(gpuOptions(tuning));
  const finder = new FaceFinder(faces, openGpu);
  const loaded = await loadData(data, finder);
  await finder.dispose();
  const framing = finder.summary("taken whole");
  const dataset = votes === null ? loaded : await withFerPlus(loaded, votes);
  const { training, validation } = trainingSplits(dataset, config.seed);
  const audit = auditDataset(dataset);
  const display = new ProgressDisplay(streamOutput(Deno.stdout));
  await using page = dashboard ? serveDashboard({ port, runDirectory, audit }) : null;
  if (page) say(`The dashboard is at ${page.url}`);
  const interrupt = catchInterrupt(
    () => {
      display.clear();
      say("Stopping: saving first. Press Ctrl-C again to leave at once");
    },
    () => Deno.exit(EXIT.interrupted),
  );
  const { name: network, options = {} } = plan.architecture ?? {};
  const log = tensorboard
    ? new TensorBoardLog(runDirectory, {
      hyperparameters: {
        ...(network !== undefined && { network }),
        ...Object.fromEntries(
          Object.entries(options).map(([name, value]) => [
            `network.${name}`,
            Array.isArray(value) ? value.join(" ") : value as number,
          ]),
        ),
      },
    })
    : null;
  const directory = await RunDirectory.open(runDirectory, { resume: plan.isResumed });
  try {
    const gpu = await openGpu();
    const model = await makeModel(plan, dataset);
    const introduce = () => {
      say(
        `Training on ${count(training.length)} images of ${dataset.source}, ` +
          `validating on ${count(validation.length)}`,
      );
      if (framing !== null) say(`  ${framing}`);
      for (const line of auditLines(audit)) say(`  ${line}`);
      say(
        `${count(model.countParams())} parameters on ${gpu.description}` +
          `${gpu.isSoftware ? ", a software adapter" : ""}; the run is in ${runDirectory}`,
      );
    };
    const trainer = new Trainer(model, config, {
      gpu,
      runDirectory: directory,
      callbacks: [
        // Who trains has found by then that the data are the same.
        ...(plan.isMoved ? [{ onTrainBegin: () => recordPlaces(directory, plan) }] : []),
        ...(quiet ? [] : [{ onTrainBegin: introduce }, display]),
        ...(page ? [page] : []),
        ...(log ? [log] : []),
      ],
      signal: interrupt.signal,
      notes: {
        command,
        places: { data, votes, ...(framing !== null && { faces }), init },
        tuning,
        data: {
          counts: Object.fromEntries(USAGES.map((name) => [name, dataset.split(name).length])),
          audit,
        },
      },
    });
    const result = await trainer.fit(training, validation);
    display.clear();
    const isWhole = result.probabilities?.length === validation.length * validation.classes.length;
    const predictions = result.probabilities && isWhole
      ? { probabilities: result.probabilities, dataset: validation }
      : undefined;
    // Who presses Ctrl-C does not wait for what is not at hand.
    const again = result.stopped === "aborted" ? undefined : validation;
    const explain = again !== undefined;
    const report = await writeReport(runDirectory, {
      predictions,
      dataset: again,
      training,
      explain,
    });
    if (!quiet) printResult(plan, result, report);
    model.dispose();
    gpu.dispose();
    return result.stopped === "aborted" ? EXIT.interrupted : EXIT.ok;
  } finally {
    directory.close();
    interrupt.dispose();
  }
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ quiet, dashboard, port, tensorboard }, _operands, given, args) => {
    if (port !== undefined && !dashboard) {
      throw new UsageError("Cannot use --port without --dashboard, whose port it is");
    }
    const plan = given.resume ? await planResume(given, given.resume) : await planRun(given, args);
    return await keepingNothingHalfDone(
      plan.runDirectory,
      () => train(plan, { quiet, dashboard, port, tensorboard }),
    );
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
