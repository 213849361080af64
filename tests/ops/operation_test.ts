import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu, type WebGpu } from "../../src/backend.ts";
import { gpuBackend } from "../../src/kernels/program.ts";
import { useStockKernels } from "../../src/kernels/install.ts";
import { adamWStep, clippingFactor } from "../../src/ops/adamw.ts";
import { batchNorm } from "../../src/ops/batch_norm.ts";
import { crossEntropyAndHits } from "../../src/ops/cross_entropy.ts";
import { dropout } from "../../src/ops/dropout.ts";
import {
  inverseNorms,
  matrixPolynomial,
  muonDescent,
  muonMomentum,
  scaledMatrices,
} from "../../src/ops/muon.ts";
import { normalizedPixels } from "../../src/ops/normalized_pixels.ts";
import { operation, type OperationDefinition } from "../../src/ops/operation.ts";
import { averageWeights } from "../../src/ops/weight_average.ts";
import { Generator } from "../../src/random.ts";

let gpu: WebGpu;
Deno.test.beforeAll(async () => {
  gpu = await useWebGpu();
});
Deno.test.afterAll(() => gpu.dispose());

/** Values from -1 to 1, and above 0 on demand. */
class Inputs {
  readonly #generator: Generator;

  constructor(seed: number) {
    this.#generator = new Generator(seed, 77);
  }

  values(size: number, low = -1): Float32Array {
    return Float32Array.from(
      { length: size },
      () => low + (1 - low) * this.#generator.random(),
    );
  }

  tensor<T extends tf.Tensor = tf.Tensor>(shape: number[], low = -1): T {
    return tf.tensor(this.values(tf.util.sizeFromShape(shape), low), shape) as T;
  }

  variable(shape: number[], low = -1): tf.Variable {
    return tf.variable(this.tensor(shape, low), false);
  }

  /** A size that no workgroup divides. */
  size(most: number): number {
    return 1 + Math.floor(this.#generator.random() * most);
  }
}

/** One way to compute an operation on given inputs: all that it gives and all that it changes. */
// deno-lint-ignore no-explicit-any
type Compute<Args extends readonly any[], Result> = (...args: Args) => Result;

/** An operation with a way to call it on seeded inputs. */
interface Case {
  readonly name: string;
  /** Gives results and what was changed in place. */
  readonly run: (way: "reference" | "program", inputs: Inputs) => tf.Tensor[];
}

function caseOf<Args extends readonly unknown[], Result>(
  { definition }: { readonly definition: OperationDefinition<Args, Result> },
  use: (compute: Compute<Args, Result>, inputs: Inputs) => tf.Tensor[],
): Case {
  return {
    name: definition.name,
    run: (way, inputs) =>
      use(
        way === "reference"
          ? definition.reference
          : (...args) => definition.program(gpuBackend(), ...args),
        inputs,
      ),
  };
}

const cases: readonly Case[] = [
  caseOf(normalizedPixels, (compute, inputs) => {
    const shape = [inputs.size(3), inputs.size(9), inputs.size(9), 1] as const;
    const bytes = Uint8Array.from(
      inputs.values(shape[0] * shape[1] * shape[2], 0),
      (value) => value * 256,
    );
    return [compute(bytes, shape, 0.5, 0.5)];
  }),
  ...[false, true].map((channels) =>
    caseOf(dropout, (compute, inputs) => {
      const shape = [inputs.size(3), inputs.size(5), inputs.size(5), inputs.size(40)];
      const key = { seed: inputs.size(2 ** 31), counter: inputs.size(2 ** 31) };
      return [compute(inputs.tensor(shape), 0.3, key, channels)];
    })
  ),
  caseOf(batchNorm, (compute, inputs) => {
    const channels = inputs.size(20);
    const x = inputs.tensor<tf.Tensor4D>([3, 2 + inputs.size(5), inputs.size(7), channels]);
    const [gamma, beta] = [
      inputs.tensor<tf.Tensor1D>([channels]),
      inputs.tensor<tf.Tensor1D>([
        channels,
      ]),
    ];
    const running = {
      mean: inputs.variable([channels]),
      variance: inputs.variable([channels], 0.1),
      momentum: 0.1,
    };
    const dy = inputs.tensor(x.shape);
    const gradients = tf.grads((x, gamma, beta) =>
      compute(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, {
        epsilon: 1e-5,
        running,
      })
    )([x, gamma, beta], dy);
    return [...gradients, running.mean, running.variance];
  }),
  caseOf(crossEntropyAndHits, (compute, inputs) => {
    const [rows, classes] = [inputs.size(70), 1 + inputs.size(9)];
    const logits = inputs.tensor([rows, classes]);
    const targets = inputs.tensor([rows, classes], 0);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => compute(x, targets).loss)(logits);
    return [value, grad, compute(logits, targets).correct];
  }),
  caseOf(adamWStep, (compute, inputs) => {
    const parameters = Array.from({ length: 3 }, () => {
      const shape = [inputs.size(40), inputs.size(7)];
      return {
        weight: inputs.variable(shape),
        first: inputs.variable(shape),
        second: inputs.variable(shape, 0.01),
        gradient: inputs.tensor(shape),
      };
    });
    compute(parameters, {
      keep: 0.99,
      betas: [0.9, 0.999],
      stepSize: 0.02,
      rootScale: 1.7,
      eps: 1e-8,
    });
    return parameters.flatMap(({ weight, first, second }) => [weight, first, second]);
  }),
  caseOf(clippingFactor, (compute, inputs) => [
    compute([inputs.tensor([inputs.size(90)]), inputs.tensor([inputs.size(9), 3])], 0.5),
  ]),
  caseOf(averageWeights, (compute, inputs) => {
    const weights = Array.from({ length: 3 }, () => {
      const shape = [inputs.size(300)];
      return { average: inputs.variable(shape), weight: inputs.tensor(shape) };
    });
    compute(weights, 0.97);
    return weights.map(({ average }) => average);
  }),
  caseOf(muonMomentum, (compute, inputs) => {
    const shape = [inputs.size(50), inputs.size(5)];
    const mean = inputs.variable(shape);
    return [compute(mean, inputs.tensor(shape), 0.95), mean];
  }),
  caseOf(muonDescent, (compute, inputs) => {
    const [rows, columns] = [inputs.size(20), inputs.size(20)];
    const weight = inputs.variable([1, rows, 1, columns]);
    compute(weight, inputs.tensor([rows, columns]), 0.98, 0.05);
    return [weight];
  }),
  caseOf(inverseNorms, (compute, inputs) => {
    const n = inputs.size(20);
    return [compute(inputs.tensor<tf.Tensor3D>([inputs.size(4), n, n], 0.1))];
  }),
  caseOf(scaledMatrices, (compute, inputs) => {
    const [count, n] = [inputs.size(4), inputs.size(20)];
    return [
      compute(inputs.tensor<tf.Tensor3D>([count, n, n]), inputs.tensor([count]), count % 2 > 0),
    ];
  }),
  caseOf(matrixPolynomial, (compute, inputs) => {
    const n = inputs.size(20);
    const [a, b] = [0, 1].map(() => inputs.tensor<tf.Tensor3D>([2, n, n]));
    return [compute(a, b, [3.4445, -4.775, 2.0315])];
  }),
];

async function valuesOf(each: Case, way: "reference" | "program", seed: number) {
  const kept = tf.tidy(() =>
    each.run(way, new Inputs(seed)).map((tensor) => tf.keep(tf.clone(tensor)))
  );
  const values = await Promise.all(kept.map((tensor) => tensor.data()));
  tf.dispose(kept);
  return values.map((some) => [...some]);
}

for (const [i, each] of cases.entries()) {
  Deno.test(`operation "${each.name}" (${i + 1}) gives by its program what its reference gives`, async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const restore = useStockKernels();
      const expected = await valuesOf(each, "reference", seed).finally(restore);
      const actual = await valuesOf(each, "program", seed);
      assertEquals(actual.map(({ length }) => length), expected.map(({ length }) => length));
      expected.forEach((values, k) =>
        values.forEach((value, at) =>
          assert(
            Math.abs(actual[k][at] - value) <= 2e-5 * Math.max(1, Math.abs(value)),
            `seed ${seed}, result ${k}, element ${at}: ${actual[k][at]}, expected ${value}`,
          )
        )
      );
    }
  });
}

Deno.test("operation() takes the reference where the programs are not there, or do not fit", () => {
  const which = operation({
    name: "which",
    reference: (_n: number) => "reference",
    program: () => "program",
    fits: (n) => n > 0,
  });
  assertEquals([which(1), which(0)], ["program", "reference"]);
  const restore = useStockKernels();
  assertEquals(which(1), "reference");
  restore();
  assertEquals(which(1), "program");
});
