/**
 * `deno run -A bench/recognizer_quality.ts`: how poor a face may be until the network guesses.
 *
 * Faces of PublicTest are made small, blurred, dark, bright, cut off; how far accuracy falls beside
 * what `FaceQuality` measures is where the recognizer's limits come from. How far a head is turned
 * cannot be made up: there faces are sorted by what is measured, PublicTest's and, with `--photos`,
 * those of photographs.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import { cutOut } from "../src/recognizer/crop.ts";
import { detectFaces } from "../src/recognizer/detector.ts";
import { brightnessOf, sharpnessOf, yawOf } from "../src/recognizer/quality.ts";
import { FRAMING } from "../src/recognizer/alignment.ts";
import { type Image, resize } from "../src/transforms.ts";
import { FerRecognizer, type LoadedModel } from "../mod.ts";
import { accuracyOf } from "./recognizer/accuracy.ts";
import { compose } from "./recognizer/composed.ts";
import { loadDetectors } from "./recognizer/detector.ts";
import { FACES_FLAGS, openFaces, percent } from "./recognizer/public_test.ts";
import { type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench/recognizer_quality",
  about: "Measure how accuracy falls as faces become small, blurred, dark, bright, cut or turned.",
  flags: {
    ...FACES_FLAGS,
    photos: {
      kind: "string",
      value: "FOLDER",
      about: "Photographs in a folder a class, to sort their faces by yaw as well",
      otherwise: "none",
    },
    seed: { kind: "integer", value: "N", min: 0, default: 42, about: "Of places in pictures" },
  },
  examples: [
    "deno run -A bench/recognizer_quality.ts --data fer2013.csv.gz --model model.safetensors",
  ],
} as const satisfies Command;

/** The tenth, half and nine tenths of sorted values. */
function deciles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.1, 0.5, 0.9].map((share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(2))
    .join(" ");
}

/** A Gaussian blur, edges going on. */
function blur({ data, width, height }: Image, sigma: number): Image {
  if (sigma === 0) return { data, width, height };
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, each) => sum + each, 0);
  const pass = (from: ArrayLike<number>, step: number, place: (i: number) => number) =>
    Float64Array.from(from, (_, i) => {
      const at = place(i);
      return weights.reduce((sum, weight, k) => {
        const to = Math.min(Math.max(at + k - reach, 0), width - 1);
        return sum + weight * from[i + (to - at) * step];
      }, 0) / total;
    });
  const across = pass(data, 1, (i) => i % width);
  const both = pass(across, width, (i) => Math.floor(i / width));
  return { data: Uint8Array.from(both, Math.round), width, height };
}

const levels = (image: Image, change: (level: number) => number): Image => ({
  ...image,
  data: Uint8Array.from(image.data, (level) => Math.round(change(level))),
});

/** What is made of faces, and what is measured on the result. */
interface Degradation {
  readonly heading: string;
  readonly measure: string;
  readonly values: readonly (readonly [name: string, change: (image: Image) => Image])[];
  readonly measured: (image: Image) => number;
}

const DEGRADATIONS: readonly Degradation[] = [
  {
    heading: "Small: the crop's side in pixels of the picture",
    measure: "sharpness",
    values: [48, 40, 32, 28, 24, 20, 16, 12, 8].map((side) => [
      `${side} (box of ${(side / FRAMING.scale).toFixed(0)})`,
      (image) => resize(resize(image, side, side), image.height, image.width),
    ]),
    measured: sharpnessOf,
  },
  {
    heading: "Blurred: the Gaussian's deviation in pixels of the crop, which has 48",
    measure: "sharpness",
    values: [0, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4].map((sigma) => [
      `${sigma}`,
      (image) => blur(image, sigma),
    ]),
    measured: sharpnessOf,
  },
  {
    heading: "Dark: what levels are multiplied by",
    measure: "brightness",
    values: [1, 0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03].map((factor) => [
      `${factor}`,
      (image) => levels(image, (level) => level * factor),
    ]),
    measured: brightnessOf,
  },
  {
    heading: "Bright: what their distances from white are multiplied by",
    measure: "brightness",
    values: [1, 0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03].map((factor) => [
      `${factor}`,
      (image) => levels(image, (level) => 255 - (255 - level) * factor),
    ]),
    measured: brightnessOf,
  },
  {
    heading: "Overexposed: what levels are multiplied by before they are cut off at white",
    measure: "brightness",
    values: [1, 1.5, 2, 2.5, 3, 4, 6].map((factor) => [
      `${factor}`,
      (image) => levels(image, (level) => Math.min(level * factor, 255)),
    ]),
    measured: brightnessOf,
  },
  ...(["left", "upper", "lower"] as const).map((edge): Degradation => ({
    heading: `Cut: the part of the crop beyond the picture's ${edge} edge`,
    measure: "part outside",
    values: [0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5].map((part) => [
      `${part}`,
      (image) => {
        const lost = Math.round(part * image.width);
        const [x, y] = [edge === "left" ? lost : 0, edge === "upper" ? lost : 0];
        const width = image.width - (edge === "left" ? lost : 0);
        const height = image.height - (edge === "left" ? 0 : lost);
        const data = new Uint8Array(width * height);
        for (let row = 0; row < height; row++) {
          const from = (y + row) * image.width + x;
          data.set(image.data.subarray(from, from + width), row * width);
        }
        const middle = image.width / 2;
        const crop = { x: middle - x, y: middle - y, size: image.width, rotation: 0 };
        return cutOut({ data, width, height }, crop, image.width);
      },
    ]),
    measured: () => 0,
  })),
];

/** A face that was answered for, whatever its yaw. */
interface Answer {
  /** Degrees, either way. */
  readonly yaw: number;
  readonly isRight: boolean;
}

/** Answers for the first face of each photograph of a folder with a folder a class. */
async function answersFor(folder: string, model: LoadedModel): Promise<Answer[]> {
  const answers: Answer[] = [];
  using recognizer = await FerRecognizer.load({ model });
  for await (const { name: label, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) continue;
    for await (const { name } of Deno.readDir(`${folder}/${label}`)) {
      const picture = await Deno.readFile(`${folder}/${label}/${name}`);
      const [face] = await recognizer.recognize(picture, { anyQuality: true });
      if (!face) continue;
      const isRight = face.probabilities?.[0].label === label;
      answers.push({ yaw: Math.abs(face.quality.yaw), isRight });
    }
  }
  return answers;
}

/** How many answers are right, by yaw. */
function yawTable(heading: string, answers: readonly Answer[]): Table {
  const rows = [["", "accuracy in %", "faces"]];
  for (let i = 0; i + 1 < YAWS.length; i++) {
    const some = answers.filter(({ yaw }) => yaw >= YAWS[i] && yaw < YAWS[i + 1]);
    if (some.length === 0) continue;
    const right = some.filter(({ isRight }) => isRight).length / some.length;
    rows.push([`${YAWS[i]} to ${YAWS[i + 1]}`, percent(right), `${some.length}`]);
  }
  return { heading, rows };
}

/** Degrees between which turned heads are sorted. */
const YAWS = [0, 10, 20, 30, 40, 50, 91];

await runProgram(COMMAND, async ({ seed, photos, markdown, ...given }) => {
  const { split, count, model, name } = await openFaces(given);
  const indices = Array.from({ length: count }, (_, i) => i);
  const show = (table: Table) => {
    for (const line of tableLines(table, markdown ? "markdown" : "plain")) print(line);
  };
  print(`${count} faces of PublicTest; ${name}`);
  for (const { heading, measure, values, measured } of DEGRADATIONS) {
    const rows = [["", "accuracy in %", `${measure}: tenth, half, nine tenths`]];
    for (const [name, change] of values) {
      const images = indices.map((i) => change(split.image(i)));
      const accuracy = await accuracyOf(
        model,
        split,
        indices,
        images.map((image) => image.data as Uint8Array),
      );
      rows.push([name, percent(accuracy), deciles(images.map(measured))]);
    }
    show({ heading, rows });
  }

  const detectors = await loadDetectors();
  const yaws = new Map<number, number>();
  for (const index of indices) {
    const placement = { side: [160, 240], angle: 0 } as const;
    const { image } = compose(split.image(index), placement, seed, index);
    const options = { minScore: 0.5, maxFaces: 1, minSize: 90, maxLooks: 4 };
    const [[face]] = await detectFaces(detectors, [image], options);
    if (face) yaws.set(index, Math.abs(yawOf(face)));
  }
  const rows = [["", "accuracy in %", "faces"]];
  for (let i = 0; i + 1 < YAWS.length; i++) {
    const some = indices.filter((index) => {
      const yaw = yaws.get(index) ?? -1;
      return yaw >= YAWS[i] && yaw < YAWS[i + 1];
    });
    if (some.length === 0) continue;
    const images = some.map((index) => split.image(index).data as Uint8Array);
    const accuracy = await accuracyOf(model, split, some, images);
    rows.push([`${YAWS[i]} to ${YAWS[i + 1]}`, percent(accuracy), `${some.length}`]);
  }
  show({ heading: "Turned: the yaw that is measured, in degrees, either way", rows });
  if (photos === undefined) return;
  show(yawTable(`Turned, in ${photos}`, await answersFor(photos, model)));
});
