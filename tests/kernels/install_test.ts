import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useFerKernels, useStockKernels } from "../../src/kernels/install.ts";
import { applyTraining, buildFerCnn } from "../../src/model.ts";
import { assertClose, gpuTest, onCpu, randomTensor } from "./harness.ts";

gpuTest("useFerKernels() can be removed, and installed twice", async () => {
  const stock = tf.getKernel("Conv2D", "webgpu");
  const first = useFerKernels();
  const second = useFerKernels();
  first();
  assert(tf.getKernel("Conv2D", "webgpu") !== stock);
  second();
  assertStrictEquals(tf.getKernel("Conv2D", "webgpu"), stock);
  await Promise.resolve();
});

gpuTest("useFerKernels() leaves what does not fit to tfjs", async () => {
  const remove = useFerKernels();
  const [a, b] = [
    tf.tensor2d([[1, 2]], undefined, "int32"),
    tf.tensor2d([[3], [4]], undefined, "int32"),
  ];
  const c = tf.matMul(a, b);
  assertEquals([...await c.data()], [11]);
  const x = randomTensor<tf.Tensor4D>(1, [1, 5, 6, 3]);
  const work = (x: tf.Tensor) => {
    const y = tf.avgPool(tf.maxPool(x as tf.Tensor4D, 3, 2, "same"), 2, 1, "valid");
    return tf.sum(y, [0, 2], true);
  };
  const [expected] = await onCpu([x], work);
  const actual = tf.tidy(() => work(x));
  assertClose(await actual.data(), expected, 1e-5);
  tf.dispose([a, b, c, x, actual]);
  remove();
});

gpuTest("useFerKernels() is right on integers that tfjs has cast to floats", async () => {
  const remove = useFerKernels();
  const integers = tf.tensor2d([[1, 2], [3, 4]], undefined, "int32");
  const floats = tf.cast(integers, "float32") as tf.Tensor2D;
  const [product, sums] = [tf.matMul(floats, floats), tf.sum(floats, 0)];
  assertEquals([...await product.data()], [7, 10, 15, 22]);
  assertEquals([...await sums.data()], [4, 6]);
  tf.dispose([integers, floats, product, sums]);
  remove();
});

gpuTest("useFerKernels() sends a pool's gradient to the first of equals", async () => {
  const remove = useFerKernels();
  const x = tf.tensor4d([1, 1, 0, 2, 1, 0, 5, 2, 2, 3, 3, 9], [1, 4, 3, 1]);
  const grad = tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"));
  const dy = tf.tensor4d([7, 8], [1, 2, 1, 1]);
  const dx = grad(x, dy);
  // By hand: the windows are {1 1 2 1} and {5 2 3 3}, the last column is in none.
  assertEquals([...await dx.data()], [0, 0, 0, 7, 0, 0, 8, 0, 0, 0, 0, 0]);
  tf.dispose([x, dx, dy]);
  remove();
});

gpuTest("useFerKernels() transposes as the cpu backend does", async (backend) => {
  const remove = useFerKernels();
  const cases: [shape: number[], perm: number[]][] = [
    [[3, 5, 7, 9], [0, 3, 1, 2]],
    [[3, 9, 5, 7], [0, 2, 3, 1]],
    [[2, 4, 6, 20], [0, 3, 1, 2]],
    [[2, 20, 4, 6], [0, 2, 3, 1]],
    [[257, 4], [1, 0]],
    [[8, 68], [1, 0]],
    [[1, 1, 1, 1], [0, 3, 1, 2]],
    [[4, 3, 8, 2], [2, 3, 0, 1]],
    // These are tfjs's: more than one exchange, none.
    [[2, 3, 4, 5], [3, 2, 1, 0]],
    [[2, 3, 4, 5], [1, 0, 2, 3]],
    [[2, 3, 4], [0, 1, 2]],
  ];
  for (const [i, [shape, perm]] of cases.entries()) {
    const x = randomTensor(i, shape);
    const [expected] = await onCpu([x], (x) => tf.transpose(x, perm));
    const y = tf.transpose(x, perm);
    assertEquals(y.shape, perm.map((axis) => shape[axis]));
    assertEquals(await y.data(), expected, `${shape} to ${perm}`);
    tf.dispose([x, y]);
  }
  const integers = tf.tensor2d([[1, 2, 3], [4, 5, 6]], undefined, "int32");
  const turned = tf.transpose(integers);
  assertEquals([...await turned.data()], [1, 4, 2, 5, 3, 6]);
  assertEquals(backend.tensorMap.get(turned.dataId).dtype, "int32");
  tf.dispose([integers, turned]);
  remove();
});

/** Losses of twenty steps of gradient descent on one batch. */
async function losses(): Promise<number[]> {
  const model = buildFerCnn({ filters: [16, 32], hidden: 16, size: 12, dropout: 0, dropout2d: 0 });
  const images = randomTensor(5, [6, 12, 12, 1]);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 5], "int32"), 7));
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const values: tf.Scalar[] = [];
  for (let step = 0; step < 20; step++) {
    const { value, grads } = tf.variableGrads(() =>
      tf.losses.softmaxCrossEntropy(labels, applyTraining(model, images)).asScalar()
    );
    values.push(value);
    tf.tidy(() => {
      for (const variable of variables) {
        const gradient = grads[variable.name];
        if (gradient) variable.assign(tf.sub(variable, tf.mul(gradient, 0.05)));
      }
    });
    tf.dispose(grads);
  }
  const result = await Promise.all(values.map(async (value) => (await value.data())[0]));
  tf.dispose([images, labels, ...values]);
  model.dispose();
  return result;
}

gpuTest("useFerKernels() trains as tfjs's kernels do", async () => {
  const restore = useStockKernels();
  const stock = await losses();
  restore();
  const remove = useFerKernels();
  const ours = await losses();
  remove();
  assertEquals(ours.length, 20);
  assert(ours[19] < ours[0] / 2);
  ours.forEach((loss, step) => {
    assert(Math.abs(loss - stock[step]) < 1e-4, `step ${step}: ${loss}, stock ${stock[step]}`);
  });
});
