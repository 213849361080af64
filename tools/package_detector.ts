/**
 * `deno task package-detector`: makes the face detector's weights, as MediaPipe publishes them on
 * npm, a file that the library carries.
 *
 * It writes, under the project's folder, `src/recognizer/blaze_face.safetensors` (F16, as in the
 * package: nothing is rounded) and `src/recognizer/blaze_face_file.ts` with its checksum.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { runProgram } from "../cli/program.ts";
import { type TensorData, writeSafetensors } from "../src/model.ts";
import { ROOT_FLAG, writeCarried } from "./carried_weights.ts";
import { type LiteNetwork, readTfLite } from "./tflite.ts";

const COMMAND = {
  name: "package-detector",
  about: "Make MediaPipe's face detector, from npm, the one that the library carries.",
  flags: { root: ROOT_FLAG },
  examples: ["deno task package-detector"],
} as const satisfies Command;

const PACKAGE = "@mediapipe/face_detection";
const VERSION = "0.4.1657300184";
const MODEL = "face_detection_short_range.tflite";
const FILE = "blaze_face.safetensors";

/**
 * Fetches MediaPipe's package and reads the network in it; nothing of the package runs.
 *
 * @returns The network.
 * @throws {Error} When the package cannot be had.
 */
export async function readPublishedDetector(): Promise<LiteNetwork> {
  const specifier = `npm:${PACKAGE}@${VERSION}`;
  // Importing its description fetches the package.
  const why = await import(`${specifier}/package.json`, { with: { type: "json" } })
    .then(() => "", (error: Error) => error.message);
  const main = import.meta.resolve(specifier);
  const end = `/${PACKAGE}/${VERSION}/`;
  const at = main.lastIndexOf(end);
  if (!main.startsWith("file:") || at < 0) {
    throw new Error(`Cannot fetch ${specifier}: ${why.split("\n", 1)[0] || "it is nowhere"}`);
  }
  return readTfLite(await Deno.readFile(new URL(main.slice(0, at + end.length) + MODEL)));
}

/** Moves a convolution's output channels from the first axis to the last. */
function outputsLast(data: Float32Array, outputs: number): Float32Array {
  const each = data.length / outputs;
  return Float32Array.from(data, (_, i) => data[(i % outputs) * each + Math.floor(i / outputs)]);
}

/** Puts the output channels of one 1x1 convolution after those of another. */
function together(one: TensorData, other: TensorData): TensorData {
  const [a, b] = [one.shape.at(-1) ?? 0, other.shape.at(-1) ?? 0];
  const rows = one.data.length / a;
  const data = new Float32Array(rows * (a + b));
  for (let row = 0; row < rows; row++) {
    data.set((one.data as Float32Array).subarray(row * a, (row + 1) * a), row * (a + b));
    data.set((other.data as Float32Array).subarray(row * b, (row + 1) * b), row * (a + b) + a);
  }
  return { dtype: "F16", shape: [...one.shape.slice(0, -1), a + b], data };
}

/**
 * The weights of the network by the names and in the layouts that the library uses.
 *
 * @param network What MediaPipe publishes.
 * @returns The weights, F16.
 * @throws {TypeError} When it is another network.
 */
export function detectorWeights(network: LiteNetwork): Map<string, TensorData> {
  const fail = (why: string): never => {
    throw new TypeError(`Cannot package ${MODEL}: ${why}`);
  };
  const floats = (index: number): Float32Array => {
    const { data, name } = network.tensors[index];
    return data instanceof Float32Array ? data : fail(`tensor ${name} is no weight`);
  };
  const tensor = (data: Float32Array, ...shape: number[]): TensorData => ({
    dtype: "F16",
    shape,
    data,
  });
  const convolution = ([, weight, bias]: readonly number[]): [TensorData, TensorData] => {
    const [outputs, height, width, inputs] = network.tensors[weight].shape;
    return [
      tensor(outputsLast(floats(weight), outputs), height, width, inputs, outputs),
      tensor(floats(bias), outputs),
    ];
  };
  const depthwise = ([, weight, bias]: readonly number[]): [TensorData, TensorData] => {
    const [, height, width, channels] = network.tensors[weight].shape;
    return [tensor(floats(weight), height, width, channels, 1), tensor(floats(bias), channels)];
  };

  const weights = new Map<string, TensorData>();
  const keep = (name: string, [weight, bias]: [TensorData, TensorData]): void => {
    weights.set(`${name}.weight`, weight).set(`${name}.bias`, bias);
  };
  const convolutions = network.operations.filter(({ kind }) => kind === "CONV_2D");
  const [stem, ...others] = convolutions;
  keep("stem", convolution(stem.inputs));
  const blocks = network.operations.filter(({ kind }) => kind === "DEPTHWISE_CONV_2D");
  blocks.forEach(({ inputs, outputs }, i) => {
    const pointwise = others.find((each) => each.inputs[0] === outputs[0]) ??
      fail(`block ${i} has no 1x1 convolution`);
    keep(`block${i}.depthwise`, depthwise(inputs));
    keep(`block${i}.pointwise`, convolution(pointwise.inputs));
  });
  const heads = others.slice(blocks.length);
  if (heads.length !== 4) fail(`it has ${heads.length} outputs, expected 4`);
  // Scores of both grids come first, then boxes of both.
  [0, 1].forEach((grid) => {
    const [scores, boxes] = [heads[grid], heads[grid + 2]].map(({ inputs }) => convolution(inputs));
    keep(`head${grid}`, [together(scores[0], boxes[0]), together(scores[1], boxes[1])]);
  });
  return weights;
}

/** The module that names the weight file. */
const codeOf = (fields: string): string =>
  `/**
 * Which weight file the face detector is in. Written by \`deno task package-detector\`.
 *
 * @module
 */
import type { PackagedWeights } from "../pretrained/packaged_weights.ts";

/** The file beside this module. */
export const BLAZE_FACE: PackagedWeights = {
${fields}
};
`;

if (import.meta.main) {
  await runProgram(COMMAND, async ({ root = "." }) => {
    const bytes = writeSafetensors(detectorWeights(await readPublishedDetector()), {
      name: "BlazeFace, short range",
      source: `${PACKAGE} ${VERSION} on npm, ${MODEL}`,
      license: "Apache-2.0",
      copyright: "The MediaPipe Authors",
    });
    const folder = `${root}/src/recognizer`;
    await writeCarried(folder, FILE, bytes, "blaze_face_file.ts", codeOf);
  });
}
