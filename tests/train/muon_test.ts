import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { checkPrograms } from "../../src/kernels/program.ts";
import { Muon } from "../../src/train.ts";
import { findTorch } from "../find_torch.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const python = findTorch();

const close = (actual: tf.Tensor, expected: readonly number[], tolerance: number) =>
  actual.dataSync().forEach((value, i) => assertAlmostEquals(value, expected[i], tolerance));

Deno.test("Muon takes the steps of the plain iteration in PyTorch", () => {
  const before = tf.memory().numTensors;
  // tests/train/muon_torch.py's step() on [2, 3, 1, 1] and [3, 2, 1, 1]; a filter's last axis counts
  // outputs here.
  const p = tf.tidy(() => tf.variable(tf.tensor4d([1, 0.5, -2, 0, 3, -1], [1, 1, 3, 2])));
  const q = tf.tidy(() => tf.variable(tf.tensor4d([1, 3, 5, 2, 4, 6], [1, 1, 2, 3])));
  const muon = new Muon(new Map([["p", p]]), { lr: 0.1, weightDecay: 0.1 });
  for (
    const gradient of [
      [0.1, 0.4, -0.2, 0.5, 0.3, -0.6],
      [-1, 0.3, 2, 0.1, 0, 0.2],
      [0, 1e-3, 0, 0, 1, 0],
    ]
  ) tf.tidy(() => muon.step(new Map([["p", tf.tensor4d(gradient, [1, 1, 3, 2])]])));
  close(p, [0.9731457, 0.3164429, -2.0294986, -0.1338754, 2.8077877, -0.8927228], 1e-5);
  const wide = new Muon(new Map([["q", q]]), { lr: 0.1 });
  tf.tidy(() => wide.step(new Map([["q", tf.tensor4d([1, 0, 1, 0, 2, 1], [1, 1, 2, 3])]])));
  close(q, [0.9262207, 3.0174632, 4.934952, 2.0087316, 3.904831, 5.9611468], 1e-5);
  assertEquals(muon.steps, 3);
  muon.dispose();
  wide.dispose();
  tf.dispose([p, q]);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("Muon goes on from its saved state as if it had never stopped", () => {
  const shape = [2, 2];
  const [once, twice] = [0, 1].map(() => tf.variable(tf.tensor([1, 2, -1, 0.5], shape)));
  const gradients = [[0.3, -0.7, 0.1, 1], [1, 0, 0, -2], [0, 1, 0.5, 0]].map((each) =>
    tf.tensor(each, shape)
  );
  const whole = new Muon(new Map([["w", once]]));
  for (const gradient of gradients) whole.step(new Map([["w", gradient]]));
  let half = new Muon(new Map([["w", twice]]));
  for (const gradient of gradients) {
    const next = new Muon(new Map([["w", twice]]));
    assertEquals([...next.state().keys()], ["momentum.w"]);
    const saved = half.state().get("momentum.w");
    if (saved) next.state().get("momentum.w")?.assign(tf.tensor(saved.dataSync().slice(), shape));
    next.setSteps(half.steps);
    half = next;
    half.step(new Map([["w", gradient]]));
  }
  assertEquals(half.steps, 3);
  assertEquals([...twice.dataSync()], [...once.dataSync()]);
});

Deno.test("Muon leaves a variable without a gradient alone, and only decays on a gradient of 0", () => {
  const [v, w] = [0, 1].map(() => tf.variable(tf.ones([3, 2])));
  const muon = new Muon(new Map([["v", v], ["w", w]]), { lr: 0.5, weightDecay: 0.5 });
  muon.step(new Map([["w", tf.zeros([3, 2])]]));
  close(v, [1, 1, 1, 1, 1, 1], 0);
  close(w, [0.75, 0.75, 0.75, 0.75, 0.75, 0.75], 1e-6);
});

Deno.test("Muon refuses vectors, foreign gradients and options out of range", () => {
  const bias = tf.variable(tf.zeros([3]));
  assertThrows(
    () => new Muon(new Map([["bias", bias]])),
    TypeError,
    "Cannot run Muon on bias of shape [3]: expected a matrix or a filter",
  );
  assertThrows(() => new Muon(new Map(), { lr: NaN }), RangeError, "lr NaN");
  assertThrows(() => new Muon(new Map(), { momentum: 1 }), RangeError, "momentum 1");
  assertThrows(() => new Muon(new Map(), { weightDecay: -1 }), RangeError, "weightDecay -1");
  const muon = new Muon(new Map());
  assertThrows(() => muon.step(new Map([["w", tf.zeros([2, 2])]])), TypeError, "Cannot step w");
});

interface Case {
  readonly kind: string;
  readonly shape: [out: number, inputs: number, height: number, width: number];
  readonly weights: number[][];
  readonly gradients: number[][];
  readonly lr: number;
  readonly weight_decay: number;
}

/** PyTorch's layout to ours. */
const filter = (values: readonly number[], shape: Case["shape"]) =>
  tf.tidy(() => tf.transpose(tf.tensor4d([...values], shape), [2, 3, 1, 0]));

/** Takes the steps of all cases with one optimizer: filters of one size go through it together. */
async function compare(cases: readonly Case[]): Promise<void> {
  const before = tf.memory().numTensors;
  const variables = cases.map(({ weights, shape }) =>
    tf.tidy(() => tf.variable(filter(weights[0], shape)))
  );
  const [{ lr, weight_decay: weightDecay }] = cases;
  const muon = new Muon(new Map(variables.map((v, i) => [`${i}`, v])), { lr, weightDecay });
  const steps = Math.max(...cases.map(({ gradients }) => gradients.length));
  const level = tf.memory().numTensors;
  for (let step = 0; step < steps; step++) {
    tf.tidy(() =>
      muon.step(
        new Map(cases.flatMap(({ gradients, shape }, i) =>
          step < gradients.length ? [[`${i}`, filter(gradients[step], shape)]] : []
        )),
      )
    );
    assertEquals(tf.memory().numTensors, level);
  }
  for (const [i, { kind, shape, weights }] of cases.entries()) {
    const ends = [weights[0], weights[weights.length - 1]].map((each) => filter(each, shape));
    const [first, expected, actual] = await Promise.all(
      [...ends, variables[i]].map((tensor) => tensor.data()),
    );
    tf.dispose(ends);
    // What counts is the step.
    const length = Math.hypot(...expected.map((value, at) => value - first[at]));
    const error = Math.hypot(...expected.map((value, at) => value - actual[at]));
    const tolerance = kind === "normal" ? 2e-5 : 1e-3;
    assert(error <= tolerance * length, `${kind} ${shape}: ${error / length} of the step`);
  }
  muon.dispose();
  tf.dispose(variables);
  assertEquals(tf.memory().numTensors, before);
}

Deno.test({
  name: "Muon takes PyTorch's steps on filters of any shape on both backends (python)",
  ignore: python === undefined,
  fn: async () => {
    const script = new URL("muon_torch.py", import.meta.url).pathname;
    const { stdout } = await new Deno.Command(python ?? "", { args: [script] }).output();
    const cases: Case[] = JSON.parse(new TextDecoder().decode(stdout));
    await compare(cases);
    const gpu = await useWebGpu();
    try {
      await compare(cases);
      await checkPrograms();
      gpu.check();
    } finally {
      gpu.dispose();
      await tf.setBackend("cpu");
    }
  },
});
