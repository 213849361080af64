import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { checkPrograms } from "../../src/kernels/program.ts";
import { readSafetensors, writeSafetensors } from "../../src/model.ts";
import { sha256 } from "../../src/pretrained/packaged_weights.ts";
import { decodePriors, priorNumbers } from "../../src/recognizer/priors.ts";
import { UltraLight } from "../../src/recognizer/ultra_light.ts";
import { ULTRA_LIGHT } from "../../src/recognizer/ultra_light_file.ts";
import { readOnnx } from "../../tools/onnx.ts";
import { placed } from "./photograph.ts";

const FILE = await Deno.readFile(
  new URL(`../../src/recognizer/${ULTRA_LIGHT.file}`, import.meta.url),
);

const [WIDTH, HEIGHT] = [320, 240];

/** The photograph's upper 240 rows in a black picture of 320x240, its left edge at 20. */
const PIXELS = Uint8Array.from(placed(WIDTH, 256, 20, 0).data.subarray(0, 4 * WIDTH * HEIGHT));

/**
 * What onnxruntime-node 1.27.0 answers for these pixels with `fr_detect.onnx` of
 * `faceplugin-face-recognition-js` 0.0.1, in float32: by the anchor's place in the order of anchors,
 * its score and its box in pixels. Those of the two fine grids: that file's coarse ones stand 30 and
 * 60 pixels apart there, as it was trained, since 240 is no multiple of 64.
 */
const ONNX_RUNTIME: readonly (readonly [anchor: number, score: number, ...edges: number[]])[] = [
  [3737, 0.9999979734420776, 112.1065902709961, 31.2884259, 156.71192169, 87.10719108],
  [3777, 0.9999134540557861, 111.88045501708984, 32.3933959, 155.95794677, 86.92337751],
  [3735, 0.9976300001144409, 111.35281562805176, 31.28852605, 156.23143196, 87.46633529],
  [3697, 0.9772464036941528, 111.67888641357422, 29.03412759, 155.62952041, 84.91399526],
];

const apply = async (network: UltraLight): Promise<Float32Array> => {
  const y = tf.tidy(() => network.apply(PIXELS, HEIGHT, WIDTH));
  const values = await y.data<"float32">();
  y.dispose();
  return values;
};

async function onCpu(): Promise<Float32Array> {
  await tf.setBackend("cpu");
  const network = new UltraLight(FILE);
  const values = await apply(network);
  network.dispose();
  return values;
}

Deno.test("RFB-320's file is the one whose checksum the code knows", async () => {
  assertEquals(FILE.length, ULTRA_LIGHT.bytes);
  assertEquals(await sha256(FILE), ULTRA_LIGHT.sha256);
  assertEquals(readSafetensors(FILE).metadata.license, "MIT");
});

Deno.test("UltraLight and decodePriors() give what onnxruntime does for a photograph", async () => {
  const values = await onCpu();
  assertEquals(values.length, priorNumbers(WIDTH, HEIGHT));
  // Every anchor, in its order: 40x30x3 + 20x15x2 + 10x8x2 + 5x4x3.
  const all = decodePriors(values, WIDTH, HEIGHT, 1e-30);
  assertEquals(all.length, 4420);
  // 0.001: weights are rounded to half precision.
  for (const [anchor, score, ...edges] of ONNX_RUNTIME) {
    assertAlmostEquals(all[anchor].score, score, 1e-3, `anchor ${anchor}`);
    edges.forEach((edge, i) => assertAlmostEquals(all[anchor].edges[i], edge, 0.1));
  }
  // Far from the face, and the sum of all: nothing was left out.
  assertAlmostEquals(all[0].score, 0.06903103739023209, 1e-3);
  assertAlmostEquals(all[1000].score, 0.04879823699593544, 1e-3);
  assertAlmostEquals(all[4419].score, 0.027783235535025597, 1e-3);
  assertAlmostEquals(all.reduce((sum, { score }) => sum + score, 0), 234.154, 0.3);
  assertEquals(decodePriors(values, WIDTH, HEIGHT, 0.5).length, 10);
});

Deno.test("decodePriors() passes over scores that are no numbers", () => {
  const values = new Float32Array(priorNumbers(32, 32)).fill(NaN);
  assertEquals(decodePriors(values, 32, 32, 0.5), []);
});

Deno.test("decodePriors() places an anchor's box beside its cell's middle", () => {
  const values = new Float32Array(priorNumbers(64, 32));
  // Nothing but the second anchor, of side 48, in cell (column 1, row 1) of the grid of 16 pixels, with
  // two of the fine grid before it: 8x4 cells of 8 scores and 12 numbers of boxes.
  const grid = 8 * 4 * (8 + 12);
  const cells = 4 * 2;
  const cell = 1 * 4 + 1;
  values[grid + cell * 4 + 3] = Math.log(3);
  // Middle 0.1 * 5 sides to the right and 0.1 * 10 sides down; exp(0.2 * 5) as wide.
  values.set([5, 10, 5, 0], grid + cells * 4 + (cell * 2 + 1) * 4);
  const [face, ...others] = decodePriors(values, 64, 32, 0.7);
  assertEquals(others, []);
  assertAlmostEquals(face.score, 0.75, 1e-6);
  const [x, y, half] = [24 + 0.5 * 48, 24 + 48, 24 * Math.E];
  [x - half, y - 24, x + half, y + 24].forEach((edge, i) =>
    assertAlmostEquals(face.edges[i], edge, 1e-4)
  );
});

Deno.test({
  name: "UltraLight gives the same on the GPU",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const expected = await onCpu();
    const gpu = await useWebGpu();
    try {
      const before = tf.memory().numTensors;
      const network = new UltraLight(FILE);
      const values = await gpu.wait(apply(network));
      await checkPrograms();
      gpu.check();
      values.forEach((value, i) => assertAlmostEquals(value, expected[i], 2e-3));
      network.dispose();
      assertEquals(tf.memory().numTensors, before);
    } finally {
      gpu.dispose();
    }
  },
});

Deno.test("UltraLight refuses a file without its weights", async () => {
  await tf.setBackend("cpu");
  const bias = { dtype: "F16", shape: [1], data: Float32Array.of(0) } as const;
  const network = new UltraLight(writeSafetensors(new Map([["stem.bias", bias]])));
  assertThrows(
    () => tf.tidy(() => network.apply(PIXELS, HEIGHT, WIDTH)),
    TypeError,
    "Cannot find weight stem.weight of the face detector",
  );
  network.dispose();
});

Deno.test("readOnnx() refuses another format", () => {
  assertThrows(() => readOnnx(FILE), TypeError, "Cannot read an ONNX file");
});
