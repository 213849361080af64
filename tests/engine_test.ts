import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import process from "node:process";
import * as tf from "@tensorflow/tfjs";
import { NoGpuAdapterError, useWebGpu } from "../src/backend.ts";
import { drawnFaces } from "../src/data.ts";
import { EngineError, useEngine } from "../src/engine.ts";
import { explain } from "../src/explain.ts";
import { applyInference, buildFerCnn, buildFerNet, type FerModel } from "../src/model.ts";
import { predictDataset, type TestTimeAugmentation } from "../src/predict.ts";
import { FerRecognizer } from "../src/recognizer.ts";
import { Trainer } from "../src/train.ts";
import { photograph, placed } from "./recognizer/photograph.ts";

/** What tfjs knows of its backends. */
const registry = () => {
  const { backendName, registry, registryFactory } = tf.engine() as unknown as {
    readonly backendName: string | null;
    readonly registry: Readonly<Record<string, unknown>>;
    readonly registryFactory: Readonly<Record<string, unknown>>;
  };
  return {
    backendName,
    started: Object.keys(registry).toSorted(),
    known: Object.keys(registryFactory).toSorted(),
  };
};

/** Runs what gives numbers on each engine, and says by how much they are apart at most. */
async function apart(work: () => Promise<readonly number[]>): Promise<number> {
  const results: (readonly number[])[] = [];
  for (const name of ["wasm", "webgpu"] as const) {
    using engine = await useEngine({ engine: name });
    assertEquals(tf.getBackend(), name);
    assertEquals(engine.engine, name);
    const before = tf.memory().numTensors;
    results.push(await work());
    assertEquals(tf.memory().numTensors, before, `tensors leaked on ${name}`);
  }
  const [wasm, webGpu] = results;
  assertEquals(wasm.length, webGpu.length);
  assert(wasm.length > 0);
  return Math.max(...wasm.map((value, i) => Math.abs(value - webGpu[i])));
}

const options = { sanitizeOps: false, sanitizeResources: false };
const faces = drawnFaces(6, 3);

/** A model whose numbers are as large as a trained one's: fresh weights hardly tell faces apart. */
function lively(build: () => FerModel): FerModel {
  const model = build();
  tf.tidy(() => {
    const weights = model.getWeights();
    const louder = weights.map((each, i) => i === weights.length - 2 ? tf.mul(each, 8) : each);
    model.setWeights(louder);
  });
  return model;
}

const NETWORKS = {
  buildFerCnn: () => buildFerCnn({ filters: [8, 12, 16], hidden: 24, seed: 7 }),
  buildFerNet: () => buildFerNet({ filters: [8, 16], seed: 7 }),
} as const;

for (const [name, build] of Object.entries(NETWORKS)) {
  const views: readonly (false | TestTimeAugmentation)[] = name === "buildFerNet"
    ? [false, "flip", "multiScale", "fiveCrop"]
    : [false, "flip"];
  Deno.test(`wasm gives WebGPU's answers for ${name}(), all its views`, options, async () => {
    const far = await apart(async () => {
      const model = lively(build);
      const all: number[] = [];
      for (const tta of views) all.push(...await predictDataset(model, faces, { tta }));
      model.dispose();
      return all;
    });
    assert(far <= 1e-4, `${far}`);
  });

  Deno.test(`wasm gives WebGPU's explanations for ${name}()`, options, async () => {
    const far = await apart(async () => {
      const model = lively(build);
      const { map, probabilities } = await explain(model, faces.image(1), { label: "happy" });
      model.dispose();
      return [...map, ...probabilities.map(({ probability }) => probability)];
    });
    assert(far <= 1e-3, `${far}`);
  });
}

Deno.test("wasm finds WebGPU's faces and reads them alike, large and small", options, async () => {
  const far = await apart(async () => {
    using recognizer = await FerRecognizer.load({ minSize: 16 });
    const all: number[] = [];
    for (const picture of [photograph, placed(640, 480, 200, 150)]) {
      const found = await recognizer.recognize(picture, { anyQuality: true, tta: true });
      assertEquals(found.length, 1);
      const [{ box, score, landmarks, probabilities }] = found;
      const scale = picture.width;
      all.push(box.x / scale, box.y / scale, box.width / scale, score);
      all.push(...landmarks.flatMap(({ x, y }) => [x / scale, y / scale]));
      const labels = (probabilities ?? []).toSorted((a, b) => a.label < b.label ? -1 : 1);
      all.push(...labels.map(({ probability }) => probability));
    }
    return all;
  });
  assert(far <= 1e-4, `${far}`);
});

Deno.test(
  "wasm gives each gradient of max pooling to the first largest value",
  options,
  async () => {
    using _engine = await useEngine({ engine: "wasm" });
    // By hand: the largest of the four windows are 4, the first 9, the first 7, and 2.
    const x = tf.tensor4d([1, 2, 9, 3, 4, 0, 5, 9, 7, 7, 1, 1, 7, 6, 1, 2], [1, 4, 4, 1]);
    const dy = tf.tensor4d([10, 20, 30, 40], [1, 2, 2, 1]);
    const gradient = tf.grad((y) => tf.maxPool(y as tf.Tensor4D, 2, 2, "valid"))(x, dy);
    const expected = [0, 0, 20, 0, 10, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 40];
    assertEquals([...await gradient.data()], expected);
  },
);

Deno.test(
  "useEngine() takes wasm where the only adapter is software, and says so",
  options,
  async () => {
    const adapter = await navigator.gpu.requestAdapter();
    using engine = await useEngine();
    if (adapter && !adapter.info.isFallbackAdapter) {
      assertEquals([engine.engine, engine.threads], ["webgpu", null]);
      return;
    }
    assertEquals(engine.engine, "wasm");
    assertEquals(tf.getBackend(), "wasm");
    assertEquals(engine.adapter, adapter?.info.description ?? null);
    assert(engine.threads !== null && engine.threads >= 1);
    assertMatch(engine.reason, adapter ? /is software, and WebAssembly is faster$/ : /no WebGPU/);
  },
);

Deno.test(
  "useEngine() takes WebGPU for batches, software or not, where there is any",
  options,
  async () => {
    const adapter = await navigator.gpu.requestAdapter();
    using engine = await useEngine({ purpose: "batches" });
    assertEquals(engine.engine, adapter ? "webgpu" : "wasm");
    assertEquals(engine.adapter, adapter?.info.description ?? null);
  },
);

Deno.test("useEngine() trains on WebGPU, whatever the adapter", options, async () => {
  using engine = await useEngine({ purpose: "training" });
  assertEquals(engine.engine, "webgpu");
  assert(engine.gpu);
});

Deno.test(
  "useEngine() goes on without an adapter, and not where WebGPU is needed",
  options,
  async () => {
    const own = Object.getOwnPropertyDescriptor(navigator, "gpu");
    const gpu = { requestAdapter: () => Promise.resolve(null) };
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
    try {
      using engine = await useEngine();
      assertEquals([engine.engine, engine.adapter], ["wasm", null]);
      assertEquals(engine.reason, "there is no WebGPU adapter");
      for (const wanted of [{ purpose: "training" }, { engine: "webgpu" }] as const) {
        await assertRejects(() => useEngine(wanted), NoGpuAdapterError, "Cannot find");
      }
    } finally {
      delete (navigator as { gpu?: unknown }).gpu;
      if (own) Object.defineProperty(navigator, "gpu", own);
    }
  },
);

Deno.test("dispose() leaves tfjs as it was, in whatever order", options, async () => {
  await tf.setBackend("cpu");
  const before = registry();
  const exceptions = process.listeners("uncaughtException");
  const first = await useEngine({ engine: "wasm" });
  assertEquals(process.listeners("uncaughtException"), exceptions);
  const gpu = await useWebGpu();
  const second = await useEngine({ engine: "wasm" });
  first.dispose();
  first.dispose();
  assertEquals(tf.getBackend(), "wasm");
  assertEquals((await tf.tidy(() => tf.add(1, 2)).data())[0], 3);
  second.dispose();
  assertEquals(tf.getBackend(), "webgpu");
  gpu.dispose();
  assertEquals(registry(), before);
});

Deno.test(
  "dispose() gives an app its own wasm backend back, with its tensors",
  options,
  async () => {
    await import("@tensorflow/tfjs-backend-wasm");
    const made = await useEngine({ engine: "wasm" });
    const own = tf.backend();
    const kept = tf.tensor1d([1, 2, 3]);
    const engine = await useEngine({ engine: "wasm" });
    assertNotEquals(tf.backend(), own);
    const sum = tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1));
    engine.dispose();
    sum.dispose();
    assertEquals(tf.backend(), own);
    assertEquals([...tf.tidy(() => tf.mul(kept, 2)).dataSync()], [2, 4, 6]);
    kept.dispose();
    made.dispose();
  },
);

Deno.test("Training on wasm is refused before any work", options, async () => {
  await assertRejects(
    () => useEngine({ engine: "wasm", purpose: "training" }),
    EngineError,
    "Cannot train on tfjs's wasm backend",
  );
  using _engine = await useEngine({ engine: "wasm" });
  const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4 });
  const before = model.getWeights().map((weight) => [...weight.dataSync()]);
  const told: unknown[] = [];
  const trainer = new Trainer(model, { epochs: 1 }, {
    callbacks: [{ onTrainBegin: () => void told.push("begin") }],
  });
  await assertRejects(
    () => trainer.fit(faces, faces),
    EngineError,
    "it has no Conv2DBackpropFilter",
  );
  assertEquals(told, []);
  assertEquals(model.getWeights().map((weight) => [...weight.dataSync()]), before);
  model.dispose();
});

Deno.test("useEngine() refuses engines and purposes that there are not", async () => {
  const wrong: readonly object[] = [{ engine: "cuda" }, { purpose: "fun" }, { engine: 1 }];
  for (const each of wrong) await assertRejects(() => useEngine(each), TypeError, "expected ");
});

Deno.test(
  "A wasm folder without the files is named, and the program goes on",
  options,
  async () => {
    const script = `
    import { useEngine } from ${JSON.stringify(import.meta.resolve("../mod.ts"))};
    try {
      await useEngine({ engine: "wasm", wasmFiles: "/no/such/folder" });
    } catch (error) {
      console.log(error.name, error.message.startsWith("Cannot start tfjs's wasm backend in Deno"));
    }
    const engine = await useEngine({ wasmFiles: "/no/such/folder" }).catch((error) => error);
    console.log(engine.engine ?? engine.name);
    engine.dispose?.();`;
    const { stdout, code } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      cwd: new URL("..", import.meta.url).pathname,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0);
    assertMatch(new TextDecoder().decode(stdout), /^EngineError true\n(webgpu|EngineError)\n$/);
  },
);

Deno.test("wasm folds BatchNorm anew when a weight has changed", options, async () => {
  using _engine = await useEngine({ engine: "wasm" });
  const model = buildFerNet({ filters: [4, 6], seed: 9 });
  const x = tf.randomUniform([2, 48, 48, 1], -1, 1, "float32", 5) as tf.Tensor4D;
  const compare = async (): Promise<void> => {
    const [folded, plain] = tf.tidy(() => [applyInference(model, x), model.apply(x) as tf.Tensor]);
    const [a, b] = [await folded.data(), await plain.data()];
    tf.dispose([folded, plain]);
    const far = Math.max(...a.map((value, i) => Math.abs(value - b[i])));
    assert(far <= 1e-5, `${far}`);
  };
  await compare();
  for (const [i, weight] of model.weights.entries()) {
    const values = tf.tidy(() => tf.add(tf.mul(weight.read(), 1.1), 0.05));
    (weight.read() as tf.Variable).assign(values);
    values.dispose();
    if (i % 3 === 0) await compare();
  }
  await compare();
  x.dispose();
  const before = tf.memory().numTensors;
  const variables = model.weights.length;
  model.dispose();
  // The weights, and two for each of the convolutions that were folded.
  assert(before - tf.memory().numTensors > variables);
});
