import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { adamW } from "../../src/kernels/adamw.ts";
import { checkPrograms } from "../../src/kernels/program.ts";
import { weightAverage } from "../../src/kernels/weight_average.ts";
import { assertClose, gpuTest, normals } from "./harness.ts";

/** Sizes that are small and large, come out even or not. */
const SIZES = [1, 3, 4, 257, 4096, 4097, 4352, 5000, 8192];
const STEP = {
  keep: 0.99,
  betas: [0.8, 0.9] as const,
  stepSize: 0.25,
  rootScale: 1.5,
  eps: 1e-8,
};

/** A step in float64. */
function reference([g, m, v, w]: readonly Float32Array[]): number[][] {
  const [b1, b2] = STEP.betas;
  const first = [...m].map((x, i) => b1 * x + (1 - b1) * g[i]);
  const second = [...v].map((x, i) => b2 * x + (1 - b2) * g[i] ** 2);
  const weight = [...w].map((x, i) =>
    STEP.keep * x -
    STEP.stepSize * first[i] / (Math.sqrt(second[i]) * STEP.rootScale + STEP.eps)
  );
  return [first, second, weight];
}

gpuTest("adamW() updates parameters of any size as the formula says", async (backend) => {
  const cases = SIZES.map((size, k) => {
    const values = [0, 1, 2, 3].map((i) => normals(10 * k + i, size));
    values[2] = values[2].map(Math.abs);
    const [gradient, first, second, weight] = values.map((v) => tf.tensor1d(v));
    return { values, gradient, tensors: [first, second, weight] };
  });
  const parameters = cases.map(({ gradient, tensors }) => {
    const [first, second, weight] = tensors.map((t) => tf.variable(t));
    return { gradient, first, second, weight };
  });
  // A clone and the tensors that variables were made of share the data, and must not change.
  const clone = tf.clone(parameters[7].weight);
  adamW(backend, parameters, STEP);
  await checkPrograms();
  for (const [k, { values }] of cases.entries()) {
    const { first, second, weight } = parameters[k];
    const expected = reference(values);
    for (const [i, variable] of [first, second, weight].entries()) {
      assertClose(await variable.data(), expected[i], 1e-6, `size ${SIZES[k]}, part ${i}`);
      assertEquals(await cases[k].tensors[i].data(), values[i + 1]);
    }
  }
  assertEquals(await clone.data(), cases[7].values[3]);

  // Alone by now, buffers are written where they lie; a read that is under way sees none of it.
  tf.dispose(cases.map(({ tensors }) => tensors));
  clone.dispose();
  const before = await parameters[7].weight.data();
  const reading = parameters[6].weight.data();
  const buffers = parameters.map(({ weight }) => backend.tensorMap.get(weight.dataId).resource);
  adamW(backend, parameters, STEP);
  parameters.forEach(({ weight }, k) =>
    assertEquals(backend.tensorMap.get(weight.dataId).resource === buffers[k], true)
  );
  const stale = await reading;
  const after = await parameters[6].weight.data();
  assertEquals(stale.some((value, i) => value !== after[i]), true);
  const changed = await parameters[7].weight.data();
  assertEquals(before.some((value, i) => value !== changed[i]), true);
  tf.dispose(parameters.map((p) => [p.gradient, p.first, p.second, p.weight] as tf.Tensor[]));
});

gpuTest("weightAverage() averages parameters of any size", async (backend) => {
  const values = SIZES.map((size, k) => [normals(2 * k, size), normals(2 * k + 1, size)] as const);
  const parameters = values.map(([a, w]) => ({
    average: tf.tidy(() => tf.variable(tf.tensor1d(a))),
    weight: tf.tensor1d(w),
  }));
  weightAverage(backend, parameters, 0.75);
  await checkPrograms();
  for (const [k, { average }] of parameters.entries()) {
    const [a, w] = values[k];
    const expected = [...a].map((x, i) => 0.75 * x + 0.25 * w[i]);
    assertClose(await average.data(), expected, 1e-6, `size ${SIZES[k]}`);
  }
  tf.dispose(parameters.map(({ average, weight }) => [average, weight]));
});
