/**
 * `deno task package-detector`: makes the weights of the two face detectors, as packages on npm carry
 * them, files that the library carries.
 *
 * It writes, under the project's folder, `src/recognizer/blaze_face.safetensors` (F16, as in
 * MediaPipe's package: nothing is rounded) and `src/recognizer/ultra_light.safetensors` (rounded to
 * F16), each with a module that has its checksum.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { runProgram } from "../cli/program.ts";
import { type TensorData, writeSafetensors } from "../src/model.ts";
import { ROOT_FLAG, writeCarried } from "./carried_weights.ts";
import { type OnnxNetwork, type OnnxWeight, readOnnx } from "./onnx.ts";
import { type LiteNetwork, readTfLite } from "./tflite.ts";

const COMMAND = {
  name: "package-detector",
  about:
    "Make face detectors from npm, BlazeFace and Ultra-Light RFB, those that the library carries.",
  flags: { root: ROOT_FLAG },
  examples: ["deno task package-detector"],
} as const satisfies Command;

/** A network that a package carries. */
interface Published {
  readonly package: string;
  readonly version: string;
  /** Its file, in the package. */
  readonly model: string;
}

const SHORT_RANGE: Published = {
  package: "@mediapipe/face_detection",
  version: "0.4.1657300184",
  model: "face_detection_short_range.tflite",
};
const RFB_320: Published = {
  package: "faceplugin-face-recognition-js",
  version: "0.0.1",
  model: "model/fr_detect.onnx",
};

/** Runs a program in a folder and speaks up where it fails. */
async function command(cwd: string, program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd }).output();
  if (success) return;
  const [why] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`Cannot fetch with ${program} ${args.join(" ")}: ${why}`);
}

/**
 * Fetches a package and reads a file of it; nothing of the package runs, and what it needs is not
 * fetched.
 */
async function readPublished({ package: name, version, model }: Published): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "fer-package-" });
  try {
    await command(folder, "npm", "pack", "--silent", `${name}@${version}`);
    const [archive] = [...Deno.readDirSync(folder)];
    await command(folder, "tar", "-xzf", archive.name, `package/${model}`);
    return await Deno.readFile(`${folder}/package/${model}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Fetches MediaPipe's package and reads the network in it.
 *
 * @returns The network.
 * @throws {Error} When the package cannot be had.
 */
export async function readPublishedDetector(): Promise<LiteNetwork> {
  return readTfLite(await readPublished(SHORT_RANGE));
}

/**
 * Fetches the package with Ultra-Light RFB-320 and reads the network in it.
 *
 * @returns The network.
 * @throws {Error} When the package cannot be had.
 */
export async function readPublishedUltraLight(): Promise<OnnxNetwork> {
  return readOnnx(await readPublished(RFB_320));
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
    throw new TypeError(`Cannot package ${SHORT_RANGE.model}: ${why}`);
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

/** The names of RFB-320's convolutions by ours, in the order of its graph. */
const ULTRA_LIGHT: readonly string[] = [
  "stem",
  ...separable("block0", "block1", "block2", "block3", "block4", "block5"),
  ...[0, 1].flatMap((i) => ["0", "1", "last"].map((each) => `field.branch${i}.${each}`)),
  ...["0", "1", "2", "last"].map((each) => `field.branch2.${each}`),
  ...["field.together", "field.straight"],
  ...separable("head0.scores", "head0.boxes", "block6", "block7", "block8"),
  ...separable("head1.scores", "head1.boxes", "block9", "block10"),
  ...separable("head2.scores", "head2.boxes"),
  ...["extra.squeeze", "extra.depthwise", "extra.pointwise", "head3.scores", "head3.boxes"],
];

function separable(...names: string[]): string[] {
  return names.flatMap((name) => [`${name}.depthwise`, `${name}.pointwise`]);
}

/** Turns `[outputs, inputs, height, width]` into `[height, width, inputs, outputs]`. */
function channelsLast({ data, shape }: OnnxWeight, isDepthwise: boolean): TensorData {
  const [outputs, inputs, height, width] = shape;
  const area = height * width;
  const moved = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let at = 0; at < area; at++) {
        moved[(at * inputs + i) * outputs + o] = data[(o * inputs + i) * area + at];
      }
    }
  }
  return {
    dtype: "F16",
    // A depthwise filter has one input channel an output: tfjs puts the outputs first.
    shape: isDepthwise ? [height, width, outputs, 1] : [height, width, inputs, outputs],
    data: moved,
  };
}

/**
 * The weights of RFB-320 by the names and in the layouts that the library uses.
 *
 * @param network What the package carries.
 * @returns The weights, F16.
 * @throws {TypeError} When it is another network.
 */
export function ultraLightWeights({ operations, weights }: OnnxNetwork): Map<string, TensorData> {
  const convolutions = operations.filter(({ kind }) => kind === "Conv");
  const fail = (why: string): never => {
    throw new TypeError(`Cannot package ${RFB_320.model}: ${why}`);
  };
  if (convolutions.length !== ULTRA_LIGHT.length) {
    fail(`it has ${convolutions.length} convolutions, expected ${ULTRA_LIGHT.length}`);
  }
  return new Map(
    convolutions.flatMap(({ inputs: [, weight, bias], integers }, i) => {
      const [filter, shift] = [weight, bias].map((name) =>
        weights.get(name) ?? fail(`${name} is no weight`)
      );
      const name = ULTRA_LIGHT[i];
      const isDepthwise = name.endsWith(".depthwise");
      if (isDepthwise !== (filter.shape[1] === 1 && integers.kernel_shape[0] === 3)) {
        fail(`convolution ${i + 1} is not what ${name} is`);
      }
      return [
        [`${name}.weight`, channelsLast(filter, isDepthwise)],
        [`${name}.bias`, { dtype: "F16", shape: shift.shape, data: shift.data }],
      ] as [string, TensorData][];
    }),
  );
}

/** The module that names a weight file. */
const codeOf = (constant: string, about: string) => (fields: string): string =>
  `/**
 * Which weight file ${about} is in. Written by \`deno task package-detector\`.
 *
 * @module
 */
import type { PackagedWeights } from "../pretrained/packaged_weights.ts";

/** The file beside this module. */
export const ${constant}: PackagedWeights = {
${fields}
};
`;

if (import.meta.main) {
  await runProgram(COMMAND, async ({ root = "." }) => {
    const folder = `${root}/src/recognizer`;
    const sourceOf = ({ package: name, version, model }: Published): string =>
      `${name} ${version} on npm, ${model}`;
    const near = writeSafetensors(detectorWeights(await readPublishedDetector()), {
      name: "BlazeFace, short range",
      source: sourceOf(SHORT_RANGE),
      license: "Apache-2.0",
      copyright: "The MediaPipe Authors",
    });
    const nearCode = codeOf("BLAZE_FACE", "the face detector");
    await writeCarried(folder, "blaze_face.safetensors", near, "blaze_face_file.ts", nearCode);
    const far = writeSafetensors(ultraLightWeights(await readPublishedUltraLight()), {
      name: "Ultra-Light RFB-320",
      source: sourceOf(RFB_320),
      license: "MIT",
      copyright: "linzai",
    });
    const farCode = codeOf("ULTRA_LIGHT", "the detector of faces of all sizes");
    await writeCarried(folder, "ultra_light.safetensors", far, "ultra_light_file.ts", farCode);
  });
}
