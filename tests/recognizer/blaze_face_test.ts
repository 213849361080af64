import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { checkPrograms } from "../../src/kernels/program.ts";
import { readSafetensors, writeSafetensors } from "../../src/model.ts";
import { sha256 } from "../../src/pretrained/packaged_weights.ts";
import { useWebGpu } from "../../src/backend.ts";
import { GRIDS, INPUT_SIZE, NUMBERS, OUTPUTS } from "../../src/recognizer/anchors.ts";
import { BlazeFace } from "../../src/recognizer/blaze_face.ts";
import { BLAZE_FACE } from "../../src/recognizer/blaze_face_file.ts";
import { letterbox } from "../../src/recognizer/letterbox.ts";
import { detectorWeights, readPublishedDetector } from "../../tools/package_detector.ts";
import { readTfLite } from "../../tools/tflite.ts";
import { photograph } from "./photograph.ts";
import { interpret } from "./tflite_interpreter.ts";

const FILE = await Deno.readFile(
  new URL(`../../src/recognizer/${BLAZE_FACE.file}`, import.meta.url),
);

/** MediaPipe's own file, where npm can be reached. */
const published = await readPublishedDetector().catch(() => null);

/** The photograph and its left upper quarter, as the network takes them. */
function pictures(): Uint8Array {
  const length = 4 * INPUT_SIZE ** 2;
  const pixels = new Uint8Array(2 * length);
  const { width, height } = photograph;
  letterbox(photograph, { x: 0, y: 0, width, height }, INPUT_SIZE, pixels.subarray(0, length));
  letterbox(
    photograph,
    { x: 0, y: 0, width: 128, height: 100 },
    INPUT_SIZE,
    pixels.subarray(length),
  );
  return pixels;
}

async function outputsOnCpu(bytes = FILE): Promise<Float32Array> {
  await tf.setBackend("cpu");
  const network = new BlazeFace(bytes);
  const y = tf.tidy(() => network.apply(pictures(), 2));
  const values = await y.data<"float32">();
  y.dispose();
  network.dispose();
  return values;
}

Deno.test("The detector's file is the one whose checksum the code knows", async () => {
  assertEquals(FILE.length, BLAZE_FACE.bytes);
  assertEquals(await sha256(FILE), BLAZE_FACE.sha256);
  assertEquals(readSafetensors(FILE).metadata.license, "Apache-2.0");
});

Deno.test({
  name: "The detector's weights are MediaPipe's, number by number (npm)",
  ignore: !published,
  fn: async () => {
    assert(published);
    const { tensors, metadata } = readSafetensors(FILE);
    const again = writeSafetensors(detectorWeights(published), metadata);
    assertEquals(await sha256(again), BLAZE_FACE.sha256);
    // Every weight that an operation takes, as a set: nothing was lost or made up on the way.
    const used = new Set(published.operations.flatMap(({ inputs }) => inputs));
    const theirs = published.tensors.flatMap(({ data }, i) =>
      used.has(i) && data instanceof Float32Array ? [...data] : []
    ).sort((a, b) => a - b);
    const ours = [...tensors.values()].flatMap(({ data }) => [...data as Float32Array])
      .sort((a, b) => a - b);
    assertEquals(ours.length, theirs.length);
    assertEquals(ours.findIndex((value, i) => value !== theirs[i]), -1);
  },
});

Deno.test({
  name: "BlazeFace computes what MediaPipe's graph does, operation by operation (npm)",
  ignore: !published,
  fn: async () => {
    assert(published);
    const values = await outputsOnCpu();
    const pixels = pictures();
    const [boxes, scores] = tf.tidy(() => {
      const rgba = tf.tensor4d(pixels, [2, INPUT_SIZE, INPUT_SIZE, 4], "float32");
      const x = tf.sub(tf.div(tf.slice(rgba, [0, 0, 0, 0], [-1, -1, -1, 3]), 127.5), 1);
      const single = tf.split(x as tf.Tensor4D, 2) as tf.Tensor4D[];
      const results = single.map((each) => interpret(published, each));
      return [0, 1].map((i) => tf.concat(results.map((result) => result[i])).dataSync());
    });
    let worst = 0;
    for (let picture = 0; picture < 2; picture++) {
      let [at, anchor] = [picture * OUTPUTS, picture * scores.length / 2];
      for (const { cells, anchors } of GRIDS) {
        for (let cell = 0; cell < cells * cells; cell++, at += anchors * (1 + NUMBERS)) {
          for (let k = 0; k < anchors; k++, anchor++) {
            worst = Math.max(worst, Math.abs(values[at + k] - scores[anchor]));
            for (let n = 0; n < NUMBERS; n++) {
              const ours = values[at + anchors + k * NUMBERS + n];
              worst = Math.max(worst, Math.abs(ours - boxes[anchor * NUMBERS + n]));
            }
          }
        }
      }
    }
    // The numbers go up to 233.
    assert(worst < 1e-3, `off by ${worst}`);
  },
});

/** A test on the GPU that sees that no tensor is left behind. */
function gpuTest(name: string, device: () => Promise<GPUDevice | undefined>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const expected = await outputsOnCpu();
      const own = await device();
      const gpu = await useWebGpu({ device: own });
      try {
        const before = tf.memory().numTensors;
        const network = new BlazeFace(FILE);
        const y = tf.tidy(() => network.apply(pictures(), 2));
        const values = await gpu.wait(y.data<"float32">());
        await checkPrograms();
        gpu.check();
        values.forEach((value, i) => assertAlmostEquals(value, expected[i], 2e-3));
        y.dispose();
        network.dispose();
        assertEquals(tf.memory().numTensors, before);
      } finally {
        gpu.dispose();
        own?.destroy();
      }
    },
  });
}

gpuTest("BlazeFace gives the same on the GPU", () => Promise.resolve(undefined));

gpuTest("BlazeFace gives the same on a device without subgroups", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter);
  return await adapter.requestDevice();
});

Deno.test("BlazeFace refuses a file without its weights", () => {
  const file = writeSafetensors(
    new Map([["stem.bias", {
      dtype: "F16",
      shape: [1],
      data: Float32Array.of(0),
    }]]),
  );
  assertThrows(
    () => new BlazeFace(file),
    TypeError,
    "Cannot find weight block0.depthwise.weight of the face detector",
  );
});

Deno.test("readTfLite() refuses another format", () => {
  assertThrows(
    () => readTfLite(FILE),
    TypeError,
    "Cannot read a TensorFlow Lite file: it does not begin with TFL3",
  );
});
