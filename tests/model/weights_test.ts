import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  buildFerCnn,
  CheckpointError,
  type FerModel,
  loadStateDict,
  namedWeights,
  type StateDict,
  toStateDict,
} from "../../src/model.ts";

await tf.setBackend("cpu");

const SMALL = { filters: [2, 3], hidden: 4, size: 8, classes: ["a", "b"] };

async function withModels(
  count: number,
  test: (...models: FerModel[]) => Promise<void>,
): Promise<void> {
  const models = Array.from({ length: count }, (_, seed) => buildFerCnn({ ...SMALL, seed }));
  await test(...models);
  for (const model of models) model.dispose();
}

Deno.test("toStateDict() lays convolutions [out, in, height, width], linear layers [out, in]", async () => {
  await withModels(1, async (model) => {
    const state = await toStateDict(model);
    const shapes = [...state].map(([name, { shape }]) => [name, shape]);
    assertEquals(shapes.filter(([name]) => `${name}`.endsWith("weight")), [
      ["conv1.weight", [2, 1, 3, 3]],
      ["bn1.weight", [2]],
      ["conv2.weight", [3, 2, 3, 3]],
      ["bn2.weight", [3]],
      ["fc1.weight", [4, 12]],
      ["fc2.weight", [2, 4]],
    ]);
    const weights = namedWeights(model);
    const at = (name: string, ...index: number[]) =>
      (weights.get(name)?.arraySync() as number[][][][])[index[0]][index[1]][index[2]][index[3]];
    // Filter 2, input 1, row 0, column 2 of [3, 2, 3, 3].
    assertEquals(
      state.get("conv2.weight")?.data[2 * 18 + 1 * 9 + 2],
      at("conv2.weight", 0, 2, 1, 2),
    );
    const fc1 = weights.get("fc1.weight")?.arraySync() as number[][];
    assertEquals(state.get("fc1.weight")?.data[3 * 12 + 7], fc1[7][3]);
  });
});

Deno.test("loadStateDict() gives a model the weights of another", async () => {
  await withModels(2, async (one, two) => {
    const x = tf.randomUniform([3, 8, 8, 1], -1, 1, "float32", 4);
    const before = tf.memory().numTensors;
    loadStateDict(two, await toStateDict(one));
    assertEquals(tf.memory().numTensors, before);
    const [left, right] = [one, two].map((model) =>
      tf.tidy(() => (model.predict(x) as tf.Tensor).dataSync())
    );
    assertEquals(right, left);
    x.dispose();
  });
});

Deno.test("loadStateDict() passes over PyTorch's num_batches_tracked and takes doubles", async () => {
  await withModels(2, async (one, two) => {
    const state: StateDict = new Map(await toStateDict(one));
    state.set("bn1.num_batches_tracked", {
      dtype: "I64",
      shape: [],
      data: BigInt64Array.of(5n),
    });
    state.set("fc2.bias", { dtype: "F64", shape: [2], data: Float64Array.of(0.5, -3) });
    loadStateDict(two, state);
    assertEquals((await toStateDict(two)).get("fc2.bias")?.data, Float32Array.of(0.5, -3));
  });
});

Deno.test("loadStateDict() names the tensor that does not fit, and changes nothing", async () => {
  await withModels(2, async (one, two) => {
    const good = await toStateDict(one);
    const before = await toStateDict(two);
    const wrong = (name: string, tensor?: StateDict extends Map<string, infer T> ? T : never) => {
      const state = new Map(good);
      if (tensor) state.set(name, tensor);
      else state.delete(name);
      return state;
    };
    const cases: [StateDict, string][] = [
      [wrong("fc2.bias"), "tensor fc2.bias is missing"],
      [
        wrong("fc1.weight", { dtype: "F32", shape: [12, 4], data: new Float32Array(48) }),
        "tensor fc1.weight has the shape [12,4], expected [4,12]",
      ],
      [
        wrong("bn2.bias", { dtype: "I32", shape: [3], data: new Int32Array(3) }),
        "tensor bn2.bias has elements of type I32, expected F32",
      ],
      [
        wrong("conv9.weight", { dtype: "F32", shape: [0], data: new Float32Array() }),
        "it has no place for tensor conv9.weight",
      ],
    ];
    for (const [state, message] of cases) {
      assertThrows(
        () => loadStateDict(two, state, { source: "faces.safetensors" }),
        CheckpointError,
        `Cannot load faces.safetensors into ferCnn: ${message}`,
      );
    }
    assertEquals(await toStateDict(two), before);
  });
});

Deno.test("loadStateDict() leaves the last layer alone for other classes", async () => {
  const old = buildFerCnn({ ...SMALL, seed: 1 });
  const fresh = buildFerCnn({ ...SMALL, seed: 2, classes: ["x", "y", "z"] });
  const head = (await toStateDict(fresh)).get("fc2.weight");
  const state = await toStateDict(old);
  assertThrows(() => loadStateDict(fresh, state), CheckpointError, "tensor fc2.weight");
  loadStateDict(fresh, state, { keepHead: true });
  const after = await toStateDict(fresh);
  assertEquals(after.get("fc2.weight"), head);
  assertEquals(after.get("fc1.weight"), state.get("fc1.weight"));
  old.dispose();
  fresh.dispose();
});
