/**
 * Small networks that have trained, or seem to have.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type FerModel, loadStateDict, toStateDict } from "../../src/model.ts";
import { Generator } from "../../src/random.ts";

/**
 * Fills a network with weights as training leaves them: no normalization is the identity, no bias 0.
 *
 * @param model The network.
 * @param seed What they are drawn from.
 * @returns The network.
 */
export async function seeminglyTrained(model: FerModel, seed: number): Promise<FerModel> {
  const generator = new Generator(seed);
  const tensors = await toStateDict(model);
  for (const [name, { data, shape }] of tensors) {
    const reach = shape.length > 1 ? Math.sqrt(6 / (data.length / shape[0])) : 0.3;
    const from = name.endsWith("running_var")
      ? 0.5
      : shape.length === 1 && /^bn.*weight/.test(name)
      ? 0.6
      : -reach;
    const to = from > 0 ? 1.6 : reach;
    for (let i = 0; i < data.length; i++) data[i] = generator.uniform(from, to);
  }
  loadStateDict(model, tensors);
  return model;
}

/**
 * Bytes of noise.
 *
 * @param length How many.
 * @param seed What they are drawn from.
 */
export function noise(length: number, seed: number): Uint8Array {
  const generator = new Generator(seed);
  return Uint8Array.from({ length }, () => generator.integer(256));
}

/** What the usual preprocessing makes of samples. */
export function normalized(samples: Uint8Array): Float32Array {
  return Float32Array.from(samples, (sample) => (sample / 255 - 0.5) / 0.5);
}

/**
 * A network's logits by tfjs's own layers.
 *
 * @param model The network.
 * @param pixels `[count, height, width]`.
 * @param count How many images.
 * @param height Their height.
 * @param width Their width.
 */
export function logitsOf(
  model: FerModel,
  pixels: Float32Array,
  count: number,
  height: number,
  width: number = height,
): Float32Array {
  return tf.tidy(() => {
    const x = tf.tensor4d(pixels, [count, height, width, 1]);
    return (model.predict(x, { batchSize: 64 }) as tf.Tensor).dataSync<"float32">();
  });
}

/**
 * Asserts that numbers differ by little.
 *
 * @param actual The numbers.
 * @param expected What they should be.
 * @param tolerance How much each may differ.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assertEquals(actual.length, expected.length);
  const worst = Array.from(actual, (value, i) => Math.abs(value - expected[i]))
    .reduce((most, each) => each <= most ? most : each, 0);
  assert(worst <= tolerance, `off by ${worst}, at most ${tolerance} allowed`);
}
