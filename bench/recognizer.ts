/**
 * `deno run -A bench/recognizer.ts`: how long recognizing the faces of a picture takes, and its parts.
 *
 * The picture is the tests' photograph, enlarged so that its one face is as large as before a
 * webcam, in the middle of 640x480. Times are of what a caller waits for, read-backs included: on Deno
 * none takes less than 10 ms.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { chooseModel, MODEL_FLAG } from "../cli/choose_model.ts";
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import { useWebGpu } from "../src/backend.ts";
import { inOneSubmit } from "../src/kernels/one_submit.ts";
import { predict } from "../src/predict.ts";
import { FerRecognizer } from "../src/recognizer.ts";
import { INPUT_SIZE } from "../src/recognizer/anchors.ts";
import { cutOut } from "../src/recognizer/crop.ts";
import { letterbox } from "../src/recognizer/letterbox.ts";
import { qualityOf } from "../src/recognizer/quality.ts";
import { loadDetectors } from "./recognizer/detector.ts";
import { webcamPicture } from "./recognizer/webcam_picture.ts";
import { number, type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench/recognizer",
  about: "Time recognizing one face in 640x480, and what of it takes how long.",
  flags: {
    model: MODEL_FLAG,
    rounds: { kind: "integer", value: "N", min: 1, default: 50, about: "Times that each is done" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
  },
  examples: ["deno run -A bench/recognizer.ts --model model.safetensors"],
} as const satisfies Command;

const [WIDTH, HEIGHT] = [640, 480];

/** How long each of several turns takes, in milliseconds: the shortest, half, nine tenths. */
async function time(rounds: number, work: () => unknown): Promise<[number, number, number]> {
  const times: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const start = performance.now();
    await work();
    if (round >= 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return [times[0], times[Math.floor(rounds / 2)], times[Math.floor(0.9 * rounds)]];
}

async function once(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

await runProgram(COMMAND, async ({ model, rounds, markdown }) => {
  const gpu = await useWebGpu();
  const chosen = await chooseModel(model);
  const loaded = await chosen.load();
  const picture = await webcamPicture(WIDTH, HEIGHT);
  let recognizer!: FerRecognizer;
  const loading = await once(async () => {
    recognizer = await FerRecognizer.load({ model: loaded });
  });
  const warming = await once(() => recognizer.warmUp());
  const first = await once(() => recognizer.recognize(picture));
  const [face, ...others] = await recognizer.recognize(picture);
  if (!face?.probabilities || others.length > 0) {
    throw new Error(`Cannot time one face: found ${others.length + Number(!!face)}`);
  }

  const detectors = await loadDetectors();
  const square = new Uint8Array(4 * INPUT_SIZE ** 2);
  const part = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const read = async (record: () => tf.Tensor): Promise<void> => {
    const y = tf.tidy(() => inOneSubmit(record));
    await y.data();
    y.dispose();
  };
  const grey = cutOut(picture, face.crop, 48);
  const hd = await webcamPicture(1280, 720);
  const work: Record<string, () => unknown> = {
    "recognize(), one face": () => recognizer.recognize(picture),
    "recognize() with gradCam": () => recognizer.recognize(picture, { gradCam: true }),
    "recognize() with tta": () => recognizer.recognize(picture, { tta: true }),
    "detect()": () => recognizer.detect(picture),
    "detect() in 1280x720": () => recognizer.detect(hd),
    "shrinking the picture": () => letterbox(picture, part, INPUT_SIZE, square),
    "BlazeFace, with its read-back": () => read(() => detectors.near.apply(square, 1)),
    "recording the detector": () =>
      tf.dispose(tf.tidy(() => inOneSubmit(() => detectors.near.apply(square, 1)))),
    "cutting the face out": () => cutOut(picture, face.crop, 48),
    "judging its quality": () => qualityOf(face, face.crop, grey, picture),
    "the expression, with its read-back": () => predict(loaded, grey),
    "a read-back of nothing": () => read(() => tf.add(tf.scalar(1), 1)),
  };
  const rows = [["milliseconds", "least", "half", "nine tenths"]];
  for (const [name, each] of Object.entries(work)) {
    rows.push([name, ...(await time(rounds, each)).map(number)]);
  }
  gpu.check();
  print(
    `${gpu.description}; ${chosen.name}; one face of ${number(face.box.width)} pixels in ` +
      `${WIDTH}x${HEIGHT}; ${rounds} rounds`,
  );
  print(
    `load() ${number(loading)} ms, warmUp() ${
      number(warming)
    } ms, the first recognize() after it ` +
      `${number(first)} ms`,
  );
  const table: Table = { heading: "What takes how long", rows };
  for (const line of tableLines(table, markdown ? "markdown" : "plain")) print(line);
});
