import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { BatchNorm2d } from "../../src/model/batch_norm.ts";

// Channel 0 lies around 100, where a variance by the mean of squares would cancel.
const SHAPE: [number, number, number, number] = [3, 2, 3, 2];
const x = Float32Array.from({ length: 36 }, (_, i) => (i * 7) % 11 / 4 - 1 + (i % 2 ? 0 : 100));
const dy = Float32Array.from({ length: 36 }, (_, i) => (i * 5) % 13 / 8 - 0.5);

// torch.nn.BatchNorm2d(2) in float64 with weight [1.5, -0.5] and bias [0.25, 2].
// deno-fmt-ignore
const PYTORCH = {
  y: [-2.017746, 1.688917, -0.57706, 1.222292, 0.863625, 2.466625, 2.304311, 2.0, -1.537517,
    1.533375, -0.096832, 2.777708, 1.343854, 2.311083, 2.784539, 1.844458, -1.057289, 1.377834,
    0.383397, 2.622166, 1.824082, 2.155542, -2.017746, 1.688917, -0.57706, 1.222292, 0.863625,
    2.466625, 2.304311, 2.0, -1.537517, 1.533375, -0.096832, 2.777708, 1.343854, 2.311083],
  dx: [-0.999659, 0.123485, 1.189099, 0.399445, 0.256372, -0.49199, -0.676356, -0.21603, -0.830339,
    0.05993, 1.358418, 0.179515, 0.425691, 0.455475, -0.507037, -0.279585, -0.66102, -0.003625,
    1.527738, 0.11596, 0.59501, 0.39192, 0.441027, -0.34314, -0.491701, -0.067179, -1.424428,
    0.052405, 0.764329, 0.328365, 0.610346, -0.406694, -0.322381, -0.28711, -1.255109, -0.011149],
  weight: [2.072097, 1.322103],
  bias: [3.5, 5.0],
  runningMean: [10.018056, 0.025],
  runningVar: [0.964563, 0.968382],
  // After a second batch like the first.
  runningMean2: [19.034306, 0.0475],
  runningVar2: [0.93267, 0.939926],
  evaluated: [124.452046, 1.637701, 125.61694, 1.250905, 126.781834, 2.282361],
};

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number) {
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, tolerance, `element ${i}`));
}

function layerWithWeights(): BatchNorm2d {
  const layer = new BatchNorm2d();
  layer.build([null, 2, 3, 2]);
  tf.tidy(() =>
    layer.setWeights([
      tf.tensor([1.5, -0.5]),
      tf.tensor([0.25, 2]),
      tf.zeros([2]),
      tf.ones([2]),
    ])
  );
  return layer;
}

for (const backend of ["cpu", "webgpu"]) {
  Deno.test(`BatchNorm2d trains and evaluates as PyTorch's on ${backend}`, async () => {
    const gpu = backend === "webgpu" ? await useWebGpu() : null;
    await tf.setBackend(backend);
    const layer = layerWithWeights();
    const input = tf.tensor4d(x, SHAPE);
    const weights = layer.getWeights() as tf.Variable[];
    const before = tf.memory().numTensors;

    const forward = (x: tf.Tensor, upstream: tf.Tensor) => {
      const y = layer.apply(x, { training: true }) as tf.Tensor;
      return tf.sum(tf.mul(y, upstream)) as tf.Scalar;
    };
    const upstream = tf.tensor4d(dy, SHAPE);
    const variable = tf.variable(input);
    const { value, grads } = tf.variableGrads(() => forward(variable, upstream), [
      variable,
      ...weights.slice(0, 2),
    ]);
    assertClose(await grads[variable.name].data(), PYTORCH.dx, 2e-4);
    assertClose(await grads[weights[0].name].data(), PYTORCH.weight, 1e-4);
    assertClose(await grads[weights[1].name].data(), PYTORCH.bias, 1e-4);
    assertClose(await layer.getWeights()[2].data(), PYTORCH.runningMean, 1e-5);
    assertClose(await layer.getWeights()[3].data(), PYTORCH.runningVar, 1e-5);
    tf.dispose([value, upstream, variable]);
    tf.dispose(grads);
    assertEquals(tf.memory().numTensors, before);

    const y = layer.apply(input, { training: true }) as tf.Tensor;
    assertClose(await y.data(), PYTORCH.y, 1e-4);
    assertClose(await layer.getWeights()[2].data(), PYTORCH.runningMean2, 1e-5);
    assertClose(await layer.getWeights()[3].data(), PYTORCH.runningVar2, 1e-5);
    const evaluated = layer.apply(input) as tf.Tensor;
    assertClose(await evaluated.data(), PYTORCH.evaluated, 1e-4);
    tf.dispose([y, evaluated]);
    assertEquals(tf.memory().numTensors, before);

    tf.dispose([input, ...layer.getWeights()]);
    gpu?.check();
    gpu?.dispose();
  });
}

Deno.test("BatchNorm2d refuses to train on one value a channel", async () => {
  await tf.setBackend("cpu");
  const layer = layerWithWeights();
  const one = tf.zeros([1, 1, 1, 2]);
  assertThrows(
    () => layer.apply(one, { training: true }),
    RangeError,
    "the variance of one value a channel is not defined",
  );
  tf.dispose([one, ...layer.getWeights()]);
});
