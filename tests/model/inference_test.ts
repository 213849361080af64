import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { useStockKernels } from "../../src/kernels/install.ts";
import { gpuBackend } from "../../src/kernels/program.ts";
import {
  applyInference,
  applyTraining,
  buildFerCnn,
  type FerModel,
  namedWeights,
} from "../../src/model.ts";
import { Generator } from "../../src/random.ts";
import { AdamW } from "../../src/train/adamw.ts";

function normals(seed: number, shape: number[]): tf.Tensor {
  const generator = new Generator(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Float32Array.from({ length: count }, () => generator.normal()), shape);
}

/** A network whose weights and statistics are none that folding leaves alone. */
function network(filters: readonly number[], size: number): FerModel {
  const model = buildFerCnn({ filters, hidden: 6, size, seed: 3 });
  let seed = 10;
  for (const [name, variable] of namedWeights(model)) {
    if (!name.startsWith("bn")) continue;
    tf.tidy(() => {
      const noise = normals(seed++, variable.shape);
      variable.assign(name.endsWith("var") ? tf.add(tf.abs(noise), 0.1) : noise);
    });
  }
  return model;
}

async function logits(model: FerModel, x: tf.Tensor): Promise<Float32Array> {
  const y = tf.tidy(() => applyInference(model, x));
  const values = (await y.data<"float32">()).slice();
  y.dispose();
  return values;
}

function assertSame(actual: Float32Array, expected: Float32Array, message: string): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) =>
    assertAlmostEquals(value / scale, expected[i] / scale, 1e-4, `${message}, logit ${i}`)
  );
}

/** What the layers give one after the other, on tfjs's `cpu` backend. */
async function onCpu(model: FerModel, x: tf.Tensor): Promise<Float32Array> {
  const weights = await Promise.all(model.getWeights().map((weight) => weight.data()));
  const values = await x.data();
  const { filters, size } = model.getUserDefinedMetadata() as { filters: number[]; size: number };
  const backend = tf.getBackend();
  await tf.setBackend("cpu");
  try {
    const copy = buildFerCnn({ filters, hidden: 6, size, seed: 3 });
    tf.tidy(() =>
      copy.setWeights(
        copy.getWeights().map(({ shape }, i) => tf.tensor(weights[i].slice(), shape)),
      )
    );
    const y = tf.tidy(() =>
      (copy.predict(tf.tensor(values.slice(), x.shape)) as tf.Tensor).dataSync<"float32">().slice()
    );
    copy.dispose();
    return y;
  } finally {
    await tf.setBackend(backend);
  }
}

const SIZES: readonly (readonly [filters: number[], size: number, batch: number])[] = [
  [[3, 5], 9, 2],
  [[4, 16, 16], 23, 3],
  [[8, 20], 21, 1],
  [[5, 32, 4], 12, 2],
];

for (const [filters, size, batch] of SIZES) {
  Deno.test(`applyInference() folds BatchNorm, filters ${filters}, ${batch} of ${size}x${size}`, async () => {
    const gpu = await useWebGpu();
    const model = network(filters, size);
    model.setUserDefinedMetadata({ ...model.getUserDefinedMetadata(), filters, size });
    const x = normals(7, [batch, size, size, 1]);
    const expected = await onCpu(model, x);
    const { numTensors } = tf.memory();
    assertSame(await logits(model, x), expected, "first");
    assertSame(await logits(model, x), expected, "again");
    assertEquals(tf.memory().numTensors, numTensors);
    x.dispose();
    model.dispose();
    gpu.check();
    gpu.dispose();
  });
}

Deno.test("applyInference() notices every weight that changes", async () => {
  const gpu = await useWebGpu();
  const model = network([16, 16], 8);
  const x = normals(7, [4, 8, 8, 1]);
  const unfolded = async () => {
    const restore = useStockKernels();
    try {
      return await logits(model, x);
    } finally {
      restore();
    }
  };
  let before = await logits(model, x);
  const check = async (what: string) => {
    const now = await logits(model, x);
    assert(now.some((value, i) => value !== before[i]), `${what} changed nothing`);
    assertSame(now, await unfolded(), what);
    before = now;
  };
  const weights = namedWeights(model);
  for (const [name, variable] of weights) {
    tf.tidy(() => variable.assign(tf.add(variable, 0.25)));
    await check(name);
  }
  const variables = new Map([...weights].filter(([, { trainable }]) => trainable));
  const optimizer = new AdamW(variables, { lr: 0.1 });
  const { value, grads } = tf.variableGrads(() => tf.mean(applyTraining(model, x)).asScalar());
  await check("a training pass");
  const names = new Map([...variables].map(([name, variable]) => [variable.name, name]));
  optimizer.step(
    new Map(Object.entries(grads).map(([key, grad]) => [names.get(key) ?? key, grad])),
  );
  await check("a step in place");
  value.dispose();
  optimizer.dispose();
  x.dispose();
  model.dispose();
  gpu.dispose();
});

Deno.test("applyInference() takes integers that are cast to float32", async () => {
  const gpu = await useWebGpu();
  const model = network([4, 4], 8);
  const values = Int32Array.from({ length: 64 }, (_, i) => i % 5 - 2);
  const x = tf.tensor(Float32Array.from(values), [1, 8, 8, 1]);
  const cast = tf.tidy(() => tf.cast(tf.tensor(values, [1, 8, 8, 1], "int32"), "float32"));
  assertSame(await logits(model, cast), await logits(model, x), "cast");
  tf.dispose([x, cast]);
  model.dispose();
  gpu.dispose();
});

Deno.test("a model's folded weights go with it", async () => {
  const gpu = await useWebGpu();
  const inUse = () => (tf.memory() as tf.MemoryInfo & { numBytesInGPU: number }).numBytesInGPU;
  const start = inUse();
  for (let i = 0; i < 2; i++) {
    const model = network([16, 16], 8);
    const x = normals(7, [1, 8, 8, 1]);
    await logits(model, x);
    x.dispose();
    model.dispose();
    // What the last commands use is freed when they are submitted.
    await tf.tidy(() => tf.add(1, 1)).data();
  }
  const sum = tf.tidy(() => tf.add(1, 1));
  await sum.data();
  sum.dispose();
  assert(inUse() - start < 1024, `${inUse() - start} bytes remain`);
  gpu.dispose();
});

Deno.test("applyInference() and the read-back are one submit", async () => {
  const gpu = await useWebGpu();
  const model = network([4, 16, 16, 16, 16], 32);
  const x = normals(7, [1, 32, 32, 1]);
  await logits(model, x);
  const backend = gpuBackend();
  const submit = backend.submitQueue.bind(backend);
  let submits = 0;
  backend.submitQueue = () => {
    submits++;
    submit();
  };
  await logits(model, x);
  assertEquals(submits, 1);
  x.dispose();
  model.dispose();
  gpu.dispose();
});
