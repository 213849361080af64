/**
 * jax-js on the device that the second argument names, `webgpu` or `wasm`: inference and products.
 *
 * @module
 */
import { readSafetensors } from "../../src/model.ts";
import { importPackage, versionOf } from "./optional.ts";
import { type Job, noise, servePeer } from "./serve.ts";
import { type Product, productJob } from "./work.ts";

/** An array of jax-js. What is given to a function is used up, unless as `ref`. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray): JaxArray;
  mul(other: JaxArray): JaxArray;
  reshape(shape: number[]): JaxArray;
  data(): Promise<Float32Array>;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}

type Weights = Record<string, JaxArray>;

/** The part of jax-js that is used. */
interface Jax {
  init(): Promise<string[]>;
  defaultDevice(device: string): string;
  jit<A extends readonly unknown[]>(f: (...a: A) => JaxArray): (...a: A) => JaxArray;
  grad(f: (x: JaxArray, ...rest: JaxArray[]) => JaxArray): (...a: JaxArray[]) => JaxArray;
  readonly numpy: {
    array(values: Float32Array, options: { shape: number[] }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    max(x: JaxArray, axis: number[]): JaxArray;
    sum(x: JaxArray): JaxArray;
    transpose(x: JaxArray): JaxArray;
  };
  readonly nn: { relu(x: JaxArray): JaxArray };
  readonly lax: {
    conv(x: JaxArray, filter: JaxArray, strides: number[], padding: string): JaxArray;
  };
  readonly tree: { ref(weights: Weights): Weights };
}

/** The network's weights, BatchNorm as the factor and the summand that it comes to in inference. */
async function readWeights(
  jax: Jax,
  path: string,
  blocks: number,
): Promise<Weights> {
  const { tensors } = readSafetensors(await Deno.readFile(path));
  const valuesOf = (name: string) => tensors.get(name)?.data as Float32Array;
  const weights: Weights = {};
  for (const [name, { shape, data }] of tensors) {
    if (!/^(conv|fc)/.test(name)) continue;
    const wide = /^conv\d+\.bias$/.test(name) ? [1, shape[0], 1, 1] : [...shape];
    weights[name] = jax.numpy.array(data as Float32Array, { shape: wide });
  }
  for (let block = 1; block <= blocks; block++) {
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
      .map((part) => valuesOf(`bn${block}.${part}`));
    const factor = gamma.map((value, i) => value / Math.sqrt(variance[i] + 1e-5));
    const summand = beta.map((value, i) => value - mean[i] * factor[i]);
    const shape = [1, gamma.length, 1, 1];
    weights[`bn${block}.factor`] = jax.numpy.array(factor, { shape });
    weights[`bn${block}.summand`] = jax.numpy.array(summand, { shape });
  }
  return weights;
}

function productOf(jax: Jax, { kind, batch, size, channels, filters }: Product): () => JaxArray {
  const { numpy: np } = jax;
  const random = (seed: number, shape: number[]) =>
    np.array(noise(seed, shape.reduce((a, b) => a * b)), { shape });
  if (kind === "matMul") {
    const [a, b] = [random(1, [size, size]), random(2, [size, size])];
    const product = jax.jit((a: JaxArray, b: JaxArray) => np.matmul(a, b));
    return () => product(a.ref, b.ref);
  }
  const [x, filter, dy] = [
    random(1, [batch, channels, size, size]),
    random(2, [filters, channels, 3, 3]),
    random(3, [batch, filters, size, size]),
  ];
  const convolve = (x: JaxArray, filter: JaxArray) => jax.lax.conv(x, filter, [1, 1], "SAME");
  if (kind === "forward") {
    const forward = jax.jit(convolve);
    return () => forward(x.ref, filter.ref);
  }
  // The gradient of a sum weighted with dy is the product with dy.
  const isInput = kind === "inputGradient";
  const [by, other] = isInput ? [x, filter] : [filter, x];
  const gradient = jax.jit(
    jax.grad((by, other, dy) =>
      np.sum((isInput ? convolve(by, other) : convolve(other, by)).mul(dy))
    ),
  );
  return () => gradient(by.ref, other.ref, dy.ref);
}

await servePeer(async ({ work, folder, images }) => {
  const device = Deno.args[1];
  const jax = await importPackage<Jax>("@jax-js/jax");
  const devices = await jax.init();
  if (!devices.includes(device)) throw new Error(`jax-js has no ${device} here, only ${devices}`);
  jax.defaultDevice(device);
  const { numpy: np } = jax;
  const { filters, size } = work.network;
  const weights = await readWeights(jax, `${folder}/weights.safetensors`, filters.length);

  const forward = (count: number) => {
    const pass = jax.jit((w: Weights, image: JaxArray) => {
      let x = image;
      filters.forEach((channels, i) => {
        const [conv, bn] = [`conv${i + 1}`, `bn${i + 1}`];
        x = jax.lax.conv(x, w[`${conv}.weight`], [1, 1], "SAME").add(w[`${conv}.bias`]);
        x = jax.nn.relu(x.mul(w[`${bn}.factor`]).add(w[`${bn}.summand`]));
        const half = size / 2 ** (i + 1);
        x = np.max(x.reshape([count, channels, half, 2, half, 2]), [3, 5]);
      });
      x = x.reshape([count, -1]);
      x = jax.nn.relu(np.matmul(x, np.transpose(w["fc1.weight"])).add(w["fc1.bias"]));
      return np.matmul(x, np.transpose(w["fc2.weight"])).add(w["fc2.bias"]);
    });
    const shape = [count, 1, size, size];
    const image = np.array(images.slice(0, count * size ** 2), { shape });
    return async () => await pass(jax.tree.ref(weights), image.ref).data();
  };
  const [one, all] = [forward(1), forward(work.batch)];
  const job = (pass: () => Promise<Float32Array>): Job => ({
    async run() {
      await pass();
    },
  });
  const products = work.products.map((product) => {
    let compute: (() => JaxArray) | undefined;
    const run = async () => {
      compute ??= productOf(jax, product);
      const result = await compute().blockUntilReady();
      result.dispose();
    };
    return [productJob(product), { run }] as const;
  });
  return {
    version: `${versionOf("@jax-js/jax")} on ${device}`,
    jobs: { forward1: job(one), forward64: job(all), ...Object.fromEntries(products) },
    answers: { logits: async () => [...await one()] },
  };
});
