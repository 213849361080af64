import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { SeededDropout, SeededDropout2d } from "../../src/model/dropout.ts";
import { buildFerCnn, dropoutStates, setDropoutStates } from "../../src/model.ts";

await tf.setBackend("cpu");

function apply(layer: tf.layers.Layer, shape: number[], training = true): Float32Array {
  return tf.tidy(() =>
    (layer.apply(tf.ones(shape), { training }) as tf.Tensor).dataSync()
  ) as Float32Array;
}

Deno.test("SeededDropout zeroes the asked share and scales the rest by 1 / (1 - rate)", () => {
  const values = apply(new SeededDropout({ rate: 0.4, seed: 1, keys: [3] }), [100, 200]);
  const dropped = values.filter((value) => value === 0).length / values.length;
  // Six standard deviations of a binomial of 20,000.
  assert(Math.abs(dropped - 0.4) < 6 * Math.sqrt(0.24 / 20_000), `${dropped}`);
  assert(values.every((value) => value === 0 || value === Math.fround(1 / 0.6)));
});

Deno.test("SeededDropout2d drops whole channels", () => {
  const layer = new SeededDropout2d({ rate: 0.5, seed: 1, keys: [0] });
  const [batch, area, channels] = [4, 6, 16];
  const values = apply(layer, [batch, 2, 3, channels]);
  const kept: boolean[] = [];
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      const plane = Array.from(
        { length: area },
        (_, i) => values[(b * area + i) * channels + c],
      );
      assert(plane.every((value) => value === plane[0]));
      kept.push(plane[0] > 0);
    }
  }
  assert(kept.includes(true) && kept.includes(false));
});

Deno.test("SeededDropout changes nothing outside of training", () => {
  const layer = new SeededDropout({ rate: 0.9, seed: 1, keys: [] });
  assertEquals(apply(layer, [3, 4], false), new Float32Array(12).fill(1));
  assertEquals(layer.counter, 0);
});

Deno.test("SeededDropout draws a mask anew for each pass, seed and layer, and again on demand", () => {
  const make = (seed: number, key: number) => new SeededDropout({ rate: 0.5, seed, keys: [key] });
  const layer = make(7, 0);
  const first = apply(layer, [64]);
  const second = apply(layer, [64]);
  assertNotEquals(first, second);
  assertNotEquals(first, apply(make(8, 0), [64]));
  assertNotEquals(first, apply(make(7, 1), [64]));
  layer.counter = 1;
  assertEquals(apply(layer, [64]), second);
});

Deno.test("setDropoutStates() goes back to what dropoutStates() saw", () => {
  const model = buildFerCnn({ filters: [4], hidden: 32, size: 8 });
  const x = tf.ones([2, 8, 8, 1]);
  const train = () =>
    tf.tidy(() => (model.apply(x, { training: true }) as tf.Tensor).dataSync().slice());
  train();
  const states = dropoutStates(model);
  assertEquals(states, [1, 1]);
  const expected = train();
  assertNotEquals(train(), expected);
  setDropoutStates(model, states);
  assertEquals(train(), expected);
  for (const wrong of [[1], [1, -1], [1, 0.5], [1, 1, 1]]) {
    assertThrows(() => setDropoutStates(model, wrong), RangeError, "Cannot set 2 dropout layers");
  }
  x.dispose();
  model.dispose();
});
