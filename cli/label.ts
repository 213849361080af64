/**
 * `fer label`: the faces in folders of pictures and what they express, a row each.
 *
 * @module
 */
import {
  encodeModel,
  type FerModel,
  FerRecognizer,
  hasPretrained,
  type LoadedModel,
  predict,
  VERSION,
} from "../mod.ts";
import { dirname } from "node:path";
import { encodePng } from "../src/data.ts";
import { writeFileAtomic } from "../src/model.ts";
import { readingOf } from "../src/model/reading.ts";
import { sha256 } from "../src/pretrained/packaged_weights.ts";
import { readingForAnyFaces } from "../src/recognizer/reading.ts";
import {
  chooseModel,
  type ChosenModel,
  MODEL_FLAG,
  READING_FLAGS,
  TTA_FLAG,
} from "./choose_model.ts";
import { type Computing, ENGINE_FLAG, startComputing } from "./compute.ts";
import { type Command, type FilledFlagValues, UsageError } from "./flags.ts";
import { catchInterrupt } from "./interrupt.ts";
import { annotated, annotatedPath } from "./label/annotate.ts";
import { csvFormat } from "./label/csv_format.ts";
import { decodeAhead } from "./label/decode_ahead.ts";
import { startDecoder } from "./label/decoder_pool.ts";
import { jsonlFormat } from "./label/jsonl_format.ts";
import { type Labeller, labelPictures } from "./label/label_pictures.ts";
import { LabelProgress } from "./label/label_progress.ts";
import { summaryLines, toConvert } from "./label/label_summary.ts";
import { addPicture } from "./label/picture_result.ts";
import type { RowFormat } from "./label/row_format.ts";
import { openRowFile, openRowPipe } from "./label/row_file.ts";
import type { RunIdentity } from "./label/run_identity.ts";
import { renderTimeline } from "./label/timeline.ts";
import { isVideoName } from "./label/video/ffmpeg.ts";
import { labelVideos } from "./label/video/label_videos.ts";
import { parseShard } from "./label/shard.ts";
import { type SourceOptions, Sources } from "./label/sources.ts";
import { count } from "./numbers.ts";
import { refuseSameFile } from "./same_file.ts";
import { streamOutput } from "./progress.ts";
import { defineProgram, EXIT, type Program } from "./program.ts";

/** Bytes of decoded pixels that are labelled at once, and as many decoded ahead of them. */
const BATCH_BYTES = 2 ** 27;

const COMMAND = {
  name: "label",
  about:
    "Recognize the faces in pictures: of folders (with all that is in them), patterns and files; or, " +
    "where\nffmpeg is on the machine, in videos, face by face from moment to moment. " +
    "The same command goes on where an earlier one was broken off.",
  operands: "INPUT...",
  flags: {
    out: {
      kind: "string",
      value: "FILE",
      about: "Where rows go, one a face: FILE.jsonl or FILE.csv, or - for stdout",
      otherwise: "none; it has to be given",
    },
    format: {
      kind: "choice",
      choices: ["jsonl", "csv"],
      about: "How rows are written",
      otherwise: "as FILE's name ends; jsonl on stdout",
    },
    list: {
      kind: "string",
      value: "FILE",
      about: "Label the files that FILE names too, one a line; - for stdin",
      otherwise: "none",
    },
    null: { kind: "boolean", about: "Names in the list end with a null, as find -print0 has it" },
    model: { ...MODEL_FLAG, otherwise: "packaged" },
    crops: { kind: "boolean", about: "Each picture is filled by one face: do not look for faces" },
    fps: {
      kind: "number",
      value: "N",
      above: 0,
      max: 240,
      default: 5,
      about: "Of videos: moments a second that are looked at",
    },
    annotate: {
      kind: "string",
      value: "DIR",
      about: "Write pictures, of videos a video, with boxes and labels drawn in, to this folder",
      otherwise: "none",
    },
    timeline: {
      kind: "string",
      value: "FILE",
      about: "Of videos: write a page that shows each face's expressions over time, FILE.html",
      otherwise: "none",
    },
    "any-quality": { kind: "boolean", about: "Label faces that are too poor to tell, too" },
    tta: TTA_FLAG,
    ...READING_FLAGS,
    "max-faces": {
      kind: "integer",
      value: "N",
      min: 1,
      default: 50,
      about: "The most faces of a picture, those that are surest and largest",
    },
    "min-score": {
      kind: "number",
      value: "SHARE",
      above: 0,
      below: 1,
      default: 0.7,
      about: "How sure it must be that something is a face",
    },
    "min-size": {
      kind: "number",
      value: "SIZE",
      above: 0,
      default: 0.03,
      about: "The smallest face: below 1 a share of the longer edge, else pixels",
    },
    "max-megapixels": {
      kind: "number",
      value: "N",
      above: 0,
      max: 1000,
      default: 50,
      about: "The most pixels of a picture, in millions; a larger one is an error",
    },
    engine: ENGINE_FLAG,
    shard: {
      kind: "string",
      value: "I/N",
      about: "Label only the pictures of process I, from 0, of N",
      otherwise: "all",
    },
    overwrite: { kind: "boolean", about: "Begin anew where FILE has rows already" },
    "batch-size": {
      kind: "integer",
      value: "N",
      min: 1,
      max: 1024,
      default: 32,
      about: "Pictures that are labelled at once",
    },
    workers: {
      kind: "integer",
      value: "N",
      min: 0,
      max: 64,
      default: Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1)),
      about: "Threads that decode pictures",
    },
  },
  examples: [
    "deno task label photos --out labels.jsonl",
    "deno task label 'photos/**/*.jpg' --out labels.csv --any-quality",
    "find photos -newer labels.jsonl -print0 | deno task label --list - --null --out new.jsonl",
    "deno task label photos --out labels-3.jsonl --shard 3/10",
    "deno task label talk.mp4 --out talk.jsonl --fps 5 --annotate seen --timeline talk.html",
  ],
} as const satisfies Command;

type Values = FilledFlagValues<typeof COMMAND.flags>;

/** The format that was asked for. */
function formatOf({ out, format }: Values): RowFormat["name"] {
  if (format) return format;
  if (out === "-") return "jsonl";
  const extension = /\.(\w+)$/.exec(out ?? "")?.[1].toLowerCase();
  if (extension === "csv") return "csv";
  if (extension === "jsonl" || extension === "ndjson") return "jsonl";
  throw new UsageError(
    `Cannot tell a format from --out ${out}: expected a name in .jsonl or .csv, or --format`,
  );
}

/** What rows are made with. */
async function identityOf(
  values: Values,
  format: RowFormat["name"],
  name: string,
  model: FerModel,
  isVideo: boolean,
): Promise<RunIdentity> {
  const { crops, anyQuality, tta, labels, priors } = values;
  const { maxFaces, minScore, minSize, maxMegapixels, shard } = values;
  return {
    version: VERSION,
    model: { name, sha256: await sha256(await encodeModel(model)) },
    flags: {
      format,
      crops,
      ...(crops ? {} : {
        "any-quality": anyQuality,
        "max-faces": maxFaces,
        "min-score": minScore,
        "min-size": minSize,
      }),
      tta,
      labels: labels ?? null,
      priors: priors ?? null,
      "max-megapixels": maxMegapixels,
      ...(isVideo && { fps: values.fps }),
      shard: shard ?? null,
    },
  };
}

/** What looks at the pictures. */
async function labellerOf(
  values: Values,
  model: LoadedModel,
  computing: Computing,
): Promise<Labeller> {
  const { crops, anyQuality, tta, labels, priors, maxFaces, minScore, minSize, batchSize } = values;
  if (crops) {
    const reading = readingForAnyFaces(model.model, { labels, priors });
    return async (images) => {
      const results = await computing.wait(() =>
        predict(model, images, { batchSize, tta, ...reading })
      );
      return results.map((probabilities) => [{ probabilities }]);
    };
  }
  const recognizer = await FerRecognizer.load({
    ...{ model, labels, priors, maxFaces, minScore, minSize },
  });
  return (images) => computing.wait(() => recognizer.recognizeMany(images, { anyQuality, tta }));
}

const PICTURE = /\.(?:jpe?g|png|gif|bmp|tiff?|webp|heic)$/i;

/** Refuses to write rows over what they are made from. */
async function refuseInputs(
  out: string,
  { list, model }: Values,
  inputs: readonly string[],
): Promise<void> {
  if (PICTURE.test(out)) {
    throw new UsageError(`Cannot write rows to ${out}: by its name it is a picture`);
  }
  const read: Array<[string, string]> = inputs.map((path) => ["one of the pictures", path]);
  // The system gives stdin a name, by which it is known whose file it is.
  if (list !== undefined) {
    read.push(["the list of pictures", list === "-" ? "/dev/stdin" : list]);
  }
  if (model !== undefined) read.push(["the model", model]);
  for (const path of [out, `${out}.run.json`]) await refuseSameFile(path, read);
}

/** A command line that makes sense. */
interface Plan {
  readonly out: string;
  readonly format: RowFormat["name"];
  readonly sources: SourceOptions;
  readonly model: ChosenModel;
  /** Whether the inputs are videos. */
  readonly isVideo: boolean;
}

/** Whether the inputs are videos; refuses what cannot be done with them, or with pictures. */
function checkVideos(values: Values, inputs: readonly string[]): boolean {
  const { out, timeline } = values;
  const videos = inputs.filter(isVideoName);
  if (videos.length === 0) {
    if (timeline === undefined) return false;
    throw new UsageError("Cannot draw a timeline of pictures: name videos");
  }
  const others = inputs.find((input) => !isVideoName(input)) ?? values.list;
  if (others !== undefined) {
    throw new UsageError(
      `Cannot label ${videos[0]} and ${others} into one file: label videos and pictures apart`,
    );
  }
  const only = (["crops", "shard"] as const).find((name) => values[name]);
  if (only) throw new UsageError(`Cannot use --${only} with videos: it is for pictures`);
  if (timeline === undefined) return true;
  if (!/\.html?$/i.test(timeline)) {
    throw new UsageError(`Cannot write the timeline to ${timeline}: expected a name in .html`);
  }
  if (out === "-" || formatOf(values) !== "jsonl") {
    throw new UsageError("Cannot draw a timeline without --out FILE.jsonl, whose rows it shows");
  }
  return true;
}

/** Refuses what cannot be, before anything is loaded or written. */
async function planOf(values: Values, inputs: readonly string[]): Promise<Plan> {
  const { out, list } = values;
  if (out === undefined) throw new UsageError("Cannot label without --out FILE, or --out -");
  if (inputs.length === 0 && list === undefined) {
    throw new UsageError("Cannot label nothing: name INPUTs, or files with --list FILE");
  }
  if (values.null && list === undefined) {
    throw new UsageError("Cannot read nulls with --null and no list: give --list FILE too");
  }
  const isVideo = checkVideos(values, inputs);
  const shard = values.shard === undefined ? undefined : parseShard(values.shard);
  const format = formatOf(values);
  const sources = { inputs, list, listEnd: values.null ? "null" : "line", shard } as const;
  await new Sources(sources).check();
  if (out !== "-") await refuseInputs(out, values, inputs);
  if (values.model === undefined && !hasPretrained()) {
    throw new UsageError(
      "Cannot label without a model: this version of the library carries no trained network. " +
        "Give --model FILE or a run's folder, as deno task train leaves it",
    );
  }
  return { out, format, sources, isVideo, model: await chooseModel(values.model ?? "packaged") };
}

/** The command. */
export const PROGRAM: Program = defineProgram(COMMAND, async (values, inputs) => {
  const plan = await planOf(values, inputs);
  const { out } = plan;
  const progress = new LabelProgress(streamOutput(Deno.stderr));
  const { signal } = catchInterrupt(
    () => progress.line("Stopping after these pictures; press Ctrl-C again to stop at once"),
    () => Deno.exit(EXIT.interrupted),
  );
  const computing = await startComputing(values.engine);
  const model = await plan.model.load();
  const { preprocessing: { size } } = model.metadata;
  const { classes } = readingOf(model.model, readingForAnyFaces(model.model, values));
  // A network that gives no numbers is found out here, not at every picture.
  const black = { data: new Uint8Array(size * size), width: size, height: size };
  await computing.wait(() => predict(model, black));
  const format = plan.format === "csv"
    ? csvFormat(classes, values.crops, plan.isVideo)
    : jsonlFormat(classes);
  const identity = await identityOf(
    ...[values, format.name, plan.model.name, model.model, plan.isVideo] as const,
  );
  if (plan.isVideo) {
    const { labels, priors, maxFaces, minScore, minSize, anyQuality, tta } = values;
    const recognizer = await FerRecognizer.load({
      ...{ model, labels, priors, maxFaces, minScore, minSize },
    });
    const code = await labelVideos(inputs, {
      ...{ ...values, out, format, identity, progress, signal, bytes: BATCH_BYTES },
      look: (images) => computing.wait(() => recognizer.recognizeMany(images, { anyQuality, tta })),
    });
    recognizer.dispose();
    model.model.dispose();
    computing.stop();
    if (code === EXIT.ok && values.timeline !== undefined) {
      const page = await renderTimeline(await Deno.readTextFile(out), classes);
      await writeFileAtomic(values.timeline, page);
      progress.line(`Timeline  ${values.timeline}`);
    }
    return code;
  }
  const labeller = await labellerOf(values, model, computing);
  const decoder = await startDecoder(values.workers, values.maxMegapixels);

  const output = out === "-"
    ? await openRowPipe(format)
    : await openRowFile(out, format, identity, values.overwrite);
  const { before } = output;
  const totals = { ...before };
  if (before.pictures > 0) {
    progress.line(`${out} has ${count(before.pictures)} pictures already: going on`);
  }

  progress.start();
  const sources = new Sources(plan.sources);
  const decoded = decodeAhead(sources.pictures(output.done), decoder, {
    pictures: values.batchSize + decoder.width,
    bytes: BATCH_BYTES,
    signal,
  });
  const batches = labelPictures(decoded, labeller, {
    pictures: values.batchSize,
    bytes: BATCH_BYTES,
    // The others begin where they would have without a break.
    first: values.batchSize - before.pictures % values.batchSize,
  });
  // What cannot be read is told by those who need it.
  new Sources(plan.sources).count().then((total) => progress.total = total, () => {});
  for await (const batch of batches) {
    await output.append(batch.map((result) => format.rows(result)).join(""));
    for (const result of batch) {
      if (values.annotate !== undefined && "faces" in result) {
        const path = annotatedPath(values.annotate, result.path, ".png");
        await refuseSameFile(path, [["the picture itself", result.path]]);
        await Deno.mkdir(dirname(path), { recursive: true });
        // Decoded once more: what was labelled is not held.
        const picture = await decoder.decode(result.path);
        await writeFileAtomic(path, await encodePng(annotated(picture, result.faces)));
      }
      addPicture(totals, "error" in result ? null : result.faces.length);
    }
    const done = totals.pictures - before.pictures;
    progress.update(done, sources.passed, totals.errors - before.errors);
  }
  const { seconds } = progress;
  decoder.close();
  await output.close(totals, !signal.aborted);
  model.model.dispose();
  computing.stop();

  progress.clear();
  if (sources.found === 0 && !signal.aborted) {
    const { otherPictures } = sources;
    const others = otherPictures.size > 0 ? `; there are ${toConvert(otherPictures)}` : "";
    throw new Error(
      `Cannot label nothing: there is no JPEG, PNG or WebP file in what was named${others}`,
    );
  }
  const lines = summaryLines({
    totals,
    before: before.pictures,
    skipped: sources.skipped,
    otherPictures: sources.otherPictures,
    seconds,
    where: out === "-" ? "all" : out,
  });
  for (const line of lines) progress.line(line);
  if (signal.aborted) {
    const how = out === "-" ? "" : ": the same command goes on";
    progress.line(`Stopped before the end${how}`);
    return EXIT.interrupted;
  }
  if (totals.pictures > 0 && totals.errors === totals.pictures) {
    throw new Error("Cannot label any of the pictures: each row says why");
  }
});

if (import.meta.main) await PROGRAM.run(Deno.args);
