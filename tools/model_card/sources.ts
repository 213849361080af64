/**
 * All that a model card is made of, read and checked against each other.
 *
 * @module
 */
import { kebabCase } from "../../cli/flags.ts";
import { readSafetensors } from "../../src/model.ts";
import { sha256 } from "../../src/pretrained/packaged_weights.ts";
import { DEFAULT_TRAINING_CONFIG, type TrainingConfig } from "../../src/train/settings.ts";
import { type EpochLine, readMetrics } from "../../src/runs/run_directory.ts";
import { type FaceFigures, readFaceFigures } from "../faces_figures/figures.ts";
import type { ReadingFigures } from "../../bench/readings/figures.ts";
import { type CardEvaluation, readEvaluation } from "./evaluation.ts";
import { JsonFields, MissingFieldError } from "./json_fields.ts";

/** Where things are. */
export interface CardPaths {
  /** The run's folder: `config.json`, `metrics.jsonl`, `evaluation.json`. */
  readonly run: string;
  /** The packaged weights. */
  readonly weights: string;
  /** What `bench:accuracy --json` printed of PublicTest. */
  readonly accuracy: string;
  /** The same of PrivateTest; null while it is not opened. */
  readonly privateAccuracy: string | null;
  /** What `bench:readings` printed; null or left out where the network has one output. */
  readonly readings?: string | null;
  /** What `faces-figures` measured; null or left out where it has not. */
  readonly faces?: string | null;
}

/** What probabilities were before they were divided by a temperature. */
export interface CardUncalibrated {
  readonly temperature: number;
  readonly ece: number;
  readonly loss: number;
}

/** A network in a comparison. */
export interface CardContestant {
  readonly name: string;
  readonly isOurs: boolean;
  readonly tta: boolean;
  readonly version: string;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly parameters: number;
  readonly evaluation: CardEvaluation;
  readonly uncalibrated: CardUncalibrated | null;
  readonly times: ReadonlyArray<{
    readonly backend: string;
    readonly adapter: string;
    readonly image1Ms: number;
    readonly image64Ms: number;
  }>;
}

/** A comparison. */
export interface CardComparison {
  readonly usage: string;
  readonly source: string;
  readonly machine: {
    readonly adapter: string;
    readonly cores: number;
    readonly deno: string;
    readonly date: string;
  };
  /** The packaged network alone, and with test-time augmentation. */
  readonly plain: CardContestant;
  readonly augmented: CardContestant;
  /** The networks of others. */
  readonly others: readonly CardContestant[];
  readonly missing: ReadonlyArray<{ readonly name: string; readonly why: string }>;
}

/** A split of the data. */
export interface CardSplit {
  readonly name: string;
  readonly images: number;
  readonly counts: readonly number[];
  readonly duplicateGroups: number;
  readonly duplicateImages: number;
  readonly conflictingGroups: number;
  readonly blank: number;
}

/** A run of the same recipe. */
export interface CardSeed {
  readonly seed: number;
  readonly accuracy: number;
  readonly macroF1: number;
}

/** A run of training. */
export interface CardRun {
  readonly name: string;
  /** What trains the same with the library's present version. */
  readonly command: readonly string[];
  readonly epochs: number;
  readonly seconds: number;
  readonly machine: { readonly adapter: string; readonly cores: number };
  /** The run whose weights the library carried, where it began from them. */
  readonly fromPackaged?: string;
}

/** All of it. */
export interface CardSources {
  /** The run that the weights are of. */
  readonly run: CardRun;
  /** The runs before it, each from the best weights of the one before, the oldest first. */
  readonly earlier: readonly CardRun[];
  readonly architecture: string;
  readonly classes: readonly string[];
  readonly size: number;
  readonly libraryVersion: string;
  readonly startedAt: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly bestEpoch: number;
  readonly selection: string;
  readonly data: {
    readonly source: string;
    readonly trainingImages: number;
    readonly validationImages: number;
    readonly splits: readonly CardSplit[];
    readonly leaks: ReadonlyArray<{
      readonly usage: string;
      readonly into: string;
      readonly images: number;
      readonly sameLabel: number;
    }>;
  };
  readonly weights: { readonly file: string; readonly bytes: number; readonly sha256: string };
  /** The F32 weights' scores, as training left them. */
  readonly unrounded: CardEvaluation;
  readonly publicTest: CardComparison;
  readonly privateTest: CardComparison | null;
  /** This run and the others of its recipe, by seed. */
  readonly seeds: readonly CardSeed[];
  /** Other people's pictures; null where they were not measured. */
  readonly faces: FaceFigures | null;
  /** How it does by each output and with each prior; null where it has one output. */
  readonly readings: ReadingFigures | null;
}

function readUncalibrated(fields: JsonFields): CardUncalibrated {
  return {
    temperature: fields.number("temperature"),
    ece: fields.number("ece"),
    loss: fields.number("loss"),
  };
}

function readContestant(fields: JsonFields, classes: readonly string[]): CardContestant {
  const evaluation = readEvaluation(fields.object("evaluation"), classes, fields);
  return {
    name: fields.text("name"),
    isOurs: fields.boolean("isOurs"),
    tta: fields.boolean("tta"),
    version: fields.text("version"),
    bytes: fields.number("bytes"),
    sha256: fields.boolean("isOurs") ? fields.text("sha256") : null,
    parameters: fields.number("parameters"),
    evaluation,
    uncalibrated: fields.value.uncalibrated === null
      ? null
      : readUncalibrated(fields.object("uncalibrated")),
    times: fields.objects("times").map((each) => ({
      backend: each.text("backend"),
      adapter: each.text("adapter"),
      image1Ms: each.number("image1Ms"),
      image64Ms: each.number("image64Ms"),
    })),
  };
}

async function readComparison(
  path: string,
  usage: string,
  checksum: string,
): Promise<CardComparison> {
  const fields = await JsonFields.read(path);
  const fail = (why: string): never => {
    throw new MissingFieldError(`Cannot make a card of ${path}: ${why}`);
  };
  if (fields.boolean("quick")) fail("it is of a quick run, which says nothing");
  const data = fields.object("data");
  if (data.text("usage") !== usage) fail(`it is of ${data.text("usage")}, expected ${usage}`);
  const classes = data.texts("classes");
  const contestants = fields.objects("contestants").map((each) => readContestant(each, classes));
  const packaged = (tta: boolean): CardContestant => {
    const found = contestants.find((each) => each.name === "packaged" && each.tta === tta);
    if (!found) return fail(`the packaged network ${tta ? "with" : "without"} tta is missing`);
    if (found.sha256 !== checksum) {
      fail(`it is of weights with SHA-256 ${found.sha256}, the packaged ones have ${checksum}`);
    }
    if (found.times.length === 0) fail("nothing was timed: run it without --rounds 0");
    return found;
  };
  const machine = fields.object("machine");
  return {
    usage,
    source: data.text("source"),
    machine: {
      adapter: machine.text("adapter"),
      cores: machine.number("cores"),
      deno: machine.text("deno"),
      date: machine.text("date"),
    },
    plain: packaged(false),
    augmented: packaged(true),
    others: contestants.filter(({ isOurs }) => !isOurs),
    missing: fields.objects("missing").map((each) => ({
      name: each.text("name"),
      why: each.text("why"),
    })),
  };
}

/** The figures of other people's pictures, which have to be of the packaged weights. */
async function readFaces(path: string, checksum: string): Promise<FaceFigures> {
  const figures = await readFaceFigures(path);
  if (figures.weights === checksum) return figures;
  throw new MissingFieldError(
    `Cannot make a card of ${path}: it is of weights with SHA-256 ${figures.weights}, the packaged ` +
      `ones have ${checksum}; run deno task faces-figures`,
  );
}

async function readReadings(path: string, checksum: string): Promise<ReadingFigures> {
  const fields = await JsonFields.read(path);
  const weights = fields.text("weights");
  if (weights !== checksum) {
    throw new MissingFieldError(
      `Cannot make a card of ${path}: it is of weights with SHA-256 ${weights}, the packaged ones ` +
        `have ${checksum}; run deno task bench:readings`,
    );
  }
  return fields.value as unknown as ReadingFigures;
}

/** What has to be equal for two runs to be of one recipe. */
function recipeOf(config: JsonFields): string {
  const { seed: _, data: _data, init: _init, workers: _workers, ...settings } = config
    .object("config").value;
  const { name, options } = config.object("architecture").value as {
    readonly name: unknown;
    readonly options: Readonly<Record<string, unknown>>;
  };
  return JSON.stringify([settings, name, { ...options, seed: null }]);
}

/** The runs beside this one that have its recipe, and itself. */
async function readSeeds(run: string, config: JsonFields): Promise<CardSeed[]> {
  const recipe = recipeOf(config);
  const parent = `${run}/..`;
  const seeds: CardSeed[] = [];
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    const folder = `${parent}/${name}`;
    const isRun = isDirectory &&
      await Deno.stat(`${folder}/evaluation.json`).then(() => true, () => false);
    if (!isRun) continue;
    const other = await JsonFields.read(`${folder}/config.json`);
    if (recipeOf(other) !== recipe) continue;
    const evaluation = await JsonFields.read(`${folder}/evaluation.json`);
    seeds.push({
      seed: other.object("config").number("seed"),
      accuracy: evaluation.number("accuracy"),
      macroF1: evaluation.number("macroF1"),
    });
  }
  return seeds.sort((a, b) => a.seed - b.seed);
}

/**
 * What a run's command line has to say besides, so that it trains the same today: settings that its
 * version had not, at what they were all the same, and where it was broken off.
 */
function besides(config: JsonFields, last: EpochLine): string[] {
  const settings = config.object("config").value;
  const { epochs, patience, maxSteps }: TrainingConfig = {
    ...DEFAULT_TRAINING_CONFIG,
    ...settings,
  };
  const newer = Object.entries(DEFAULT_TRAINING_CONFIG).filter(([name, value]) =>
    !(name in settings) && typeof value !== "boolean"
  );
  const isCut = last.epoch < epochs && patience === 0 && maxSteps === 0;
  return [
    ...newer.flatMap(([name, value]) => [`--${kebabCase(name)}`, String(value)]),
    ...(isCut ? ["--max-steps", String(last.step)] : []),
  ];
}

async function readRun(folder: string, config: JsonFields): Promise<CardRun> {
  const epochs = (await readMetrics(folder)).filter((line) => line.type === "epoch");
  const last = epochs.at(-1);
  if (!last) throw new MissingFieldError(`Cannot read ${folder}/metrics.jsonl: it has no epoch`);
  const machine = config.object("machine");
  return {
    name: folder.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? folder,
    command: [...config.texts("command"), ...besides(config, last)],
    epochs: epochs.length,
    seconds: last.seconds,
    machine: { adapter: machine.text("adapter"), cores: machine.number("cores") },
    fromPackaged: packagedRunOf(config),
  };
}

/** The weights that the library carried when a run began. */
const PACKAGED = /(?:^|[/\\])src[/\\]pretrained[/\\]fernet\.safetensors$/;

/** Whose weights the library carried when a run began from them, as `package-weights` noted. */
function packagedRunOf(config: JsonFields): string | undefined {
  const { initRun } = config.value;
  return typeof initRun === "string" ? initRun : undefined;
}

/** The runs beside a run that it came from, each by the best weights of the one before. */
async function readEarlier(
  folder: string,
  { name: own }: CardRun,
  config: JsonFields,
): Promise<CardRun[]> {
  const runs: CardRun[] = [];
  let { init } = config.object("config").value;
  let fromPackaged = packagedRunOf(config);
  while (typeof init === "string") {
    const name = PACKAGED.test(init)
      ? fromPackaged
      : /(?:^|[/\\])([^/\\]+)[/\\]best\.safetensors$/.exec(init)?.[1];
    const beside = `${folder}/../${name}`;
    const isThere = await Deno.stat(`${beside}/config.json`).then(() => true, () => false);
    const isKnown = name === own || runs.some((run) => run.name === name);
    if (name === undefined || !isThere || isKnown) {
      throw new MissingFieldError(
        `Cannot make a card of ${folder}: it began from ${init}, expected the best.safetensors of ` +
          "an earlier run beside it",
      );
    }
    const earlier = await JsonFields.read(`${beside}/config.json`);
    runs.unshift(await readRun(beside, earlier));
    ({ init } = earlier.object("config").value);
    fromPackaged = packagedRunOf(earlier);
  }
  return runs;
}

function readSplit(audit: JsonFields, name: string): CardSplit {
  const split = audit.object("splits").object(name);
  return {
    name,
    images: split.number("images"),
    counts: split.numbers("counts", audit.texts("classes").length),
    duplicateGroups: split.number("duplicateGroups"),
    duplicateImages: split.number("duplicateImages"),
    conflictingGroups: split.number("conflictingGroups"),
    blank: split.number("blank"),
  };
}

/**
 * Reads all that a card is made of.
 *
 * @param paths Where it is.
 * @returns Facts, every one of which is there.
 * @throws {MissingFieldError} When a file or a field is missing, or two files do not belong together.
 */
export async function readSources(paths: CardPaths): Promise<CardSources> {
  const { run: folder } = paths;
  const config = await JsonFields.read(`${folder}/config.json`);
  const bytes = await Deno.readFile(paths.weights).catch((cause) => {
    throw new MissingFieldError(`Cannot read ${paths.weights}: ${cause.message}`, { cause });
  });
  const checksum = await sha256(bytes);
  const { metadata } = readSafetensors(bytes, paths.weights);
  const told = new JsonFields(
    Object.fromEntries(Object.entries(metadata).map(([key, text]) => [key, JSON.parse(text)])),
    `the metadata of ${paths.weights}`,
  );
  const metrics = told.object("metrics");
  const classes = told.texts("classes");
  const unrounded = readEvaluation(await JsonFields.read(`${folder}/evaluation.json`), classes);
  for (const key of ["accuracy", "macroF1"] as const) {
    if (metrics.number(key) === unrounded[key]) continue;
    throw new MissingFieldError(
      `Cannot make a card of ${folder}: its evaluation.json has ${key} ${unrounded[key]}, the ` +
        `packaged weights are of a run with ${metrics.number(key)}`,
    );
  }
  const run = await readRun(folder, config);
  const data = config.object("data");
  const audit = data.object("audit");
  return {
    run,
    earlier: await readEarlier(folder, run, config),
    architecture: told.object("architecture").text("name"),
    classes,
    size: told.object("preprocessing").number("size"),
    libraryVersion: told.text("libraryVersion"),
    startedAt: config.text("startedAt"),
    settings: config.object("config").value,
    bestEpoch: metrics.number("epoch"),
    selection: metrics.text("selection"),
    data: {
      source: told.object("data").text("source"),
      trainingImages: data.number("trainingImages"),
      validationImages: data.number("validationImages"),
      splits: ["Training", "PublicTest", "PrivateTest"].map((name) => readSplit(audit, name))
        .filter(({ images }) => images > 0),
      leaks: audit.objects("leaks").map((leak) => ({
        usage: leak.text("usage"),
        into: leak.text("into"),
        images: leak.number("images"),
        sameLabel: leak.number("sameLabel"),
      })),
    },
    weights: {
      file: paths.weights,
      bytes: bytes.length,
      sha256: checksum,
    },
    unrounded,
    publicTest: await readComparison(paths.accuracy, "PublicTest", checksum),
    privateTest: paths.privateAccuracy
      ? await readComparison(paths.privateAccuracy, "PrivateTest", checksum)
      : null,
    faces: paths.faces ? await readFaces(paths.faces, checksum) : null,
    readings: paths.readings ? await readReadings(paths.readings, checksum) : null,
    seeds: await readSeeds(folder, config),
  };
}
