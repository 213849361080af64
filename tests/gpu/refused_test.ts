import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { drawnFaces } from "../../src/data.ts";
import { evaluate } from "../../src/evaluate.ts";
import { explain } from "../../src/explain.ts";
import { GpuError } from "../../src/gpu/errors.ts";
import { buildFerCnn, buildFerNet, encodeModel, loadModel } from "../../src/model.ts";
import { predict, predictDataset } from "../../src/predict.ts";
import { FerRecognizer } from "../../src/recognizer.ts";
import { Trainer } from "../../src/train.ts";

/** How the drivers tell of a refused pipeline: with a message, with an empty one, with none. */
const MESSAGES = ["not enough registers", "", undefined] as const;

/** A device that can be told to refuse a program, as Metal and D3D12 do, by the program's name. */
async function refusingDevice() {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter);
  const device = await adapter.requestDevice();
  const compiled: string[] = [];
  const state = { refused: null as string | null, message: MESSAGES[0] as string | undefined };
  const create = device.createComputePipeline.bind(device);
  device.createComputePipeline = (descriptor) => {
    const label = descriptor.label ?? "";
    compiled.push(label);
    if (label !== state.refused) return create(descriptor);
    // An invalid pipeline, whose own error nobody hears.
    device.pushErrorScope("validation");
    const broken = create({ ...descriptor, compute: { ...descriptor.compute, entryPoint: "no" } });
    device.popErrorScope();
    const error = { message: state.message };
    queueMicrotask(() =>
      device.dispatchEvent(Object.assign(new Event("uncapturederror"), { error }))
    );
    return broken;
  };
  return { device, adapter, compiled, state };
}

const faces = drawnFaces(24, 5);

/** Everything of a model that gives numbers. */
const USES = {
  "predict() of buildFerNet()": async () => {
    const model = buildFerNet({ filters: [4, 8], seed: 2 });
    return await predict(model, faces.image(0), { tta: true });
  },
  "predict() of buildFerCnn()": async () => {
    const model = buildFerCnn({ filters: [4, 8], hidden: 8, seed: 2 });
    return await predict(model, faces.image(0));
  },
  "evaluate()": async () => {
    const model = buildFerNet({ filters: [4, 8], seed: 2, ferPlus: true });
    return await evaluate(model, faces, { labels: "ferplus", batchSize: 16 });
  },
  "explain()": async () => {
    const model = buildFerNet({ filters: [4, 8], seed: 2 });
    return (await explain(model, faces.image(0))).probabilities;
  },
  "FerRecognizer": async () => {
    const model = buildFerNet({ filters: [4, 8], seed: 2 });
    using recognizer = await FerRecognizer.load({ model });
    const pixels = { data: new Uint8Array(96 * 96).fill(120), width: 96, height: 96 };
    return await recognizer.recognize(pixels);
  },
  "Trainer": async () => {
    const model = buildFerNet({ filters: [4, 8], seed: 2, ferPlus: true });
    const config = { fastDevRun: true, batchSize: 8, workers: 0, ferPlusWeight: 0.5, ema: 0.9 };
    const trainer = new Trainer(model, { ...config, optimizer: "muon" });
    const { history } = await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
    return history.map(({ trainLoss, valLoss }) => [trainLoss, valLoss]);
  },
} satisfies Record<string, () => Promise<unknown>>;

for (const [name, use] of Object.entries(USES)) {
  Deno.test(`${name} throws for each program that the GPU refuses, and is right afterwards`, async () => {
    const { device, adapter, compiled, state } = await refusingDevice();
    const open = () => useWebGpu({ device, adapterInfo: adapter.info });
    let expected: unknown;
    {
      using _gpu = await open();
      expected = await use();
    }
    const programs = [...new Set(compiled)];
    assert(programs.length > 3);
    for (const [i, program] of programs.entries()) {
      using _gpu = await open();
      Object.assign(state, { refused: program, message: MESSAGES[i % MESSAGES.length] });
      const error = await assertRejects(use, GpuError, undefined, `${program} was refused`);
      assertEquals(error.program, program);
      // Once it is accepted, nothing is left of the refusal.
      state.refused = null;
      assertEquals(await use(), expected);
    }
    device.destroy();
  });
}

Deno.test("a refused program does not spoil the weights that were folded with it", async () => {
  for (const program of ["folding: scale and shift", "folding: filter"]) {
    const { device, adapter, state } = await refusingDevice();
    using _gpu = await useWebGpu({ device, adapterInfo: adapter.info });
    const { model } = await loadModel(await encodeModel(buildFerNet({ filters: [4, 8], seed: 2 })));
    state.refused = program;
    await assertRejects(() => predict(model, faces.image(0)), GpuError);
    state.refused = null;
    const probabilities = await predictDataset(model, faces);
    await tf.setBackend("cpu");
    const { model: twin } = await loadModel(
      await encodeModel(buildFerNet({ filters: [4, 8], seed: 2 })),
    );
    const expected = await predictDataset(twin, faces);
    await tf.setBackend("webgpu");
    probabilities.forEach((value, i) => assert(Math.abs(value - expected[i]) < 1e-5));
    device.destroy();
  }
});

Deno.test("two handles live side by side, and the last leaves tfjs as it was", async () => {
  await tf.setBackend("cpu");
  const sum = () => tf.tidy(() => tf.add(tf.ones([3]), tf.ones([3])));
  const first = await useWebGpu();
  const mine = sum();
  const second = await useWebGpu({ kernels: "stock" });
  const theirs = sum();
  assertEquals([...await theirs.data()], [2, 2, 2]);
  second.dispose();
  assertEquals(tf.getBackend(), "webgpu");
  assertEquals([...await mine.data()], [2, 2, 2]);
  assertEquals([...await sum().data()], [2, 2, 2]);

  const third = await useWebGpu();
  first.dispose();
  assertEquals([...await sum().data()], [2, 2, 2]);
  assertEquals(tf.getBackend(), "webgpu");
  third.dispose();
  assertEquals(tf.getBackend(), "cpu");
  assertEquals([...await sum().data()], [2, 2, 2]);
});
