import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type AfterNorm, normalizeByRunning } from "../../src/kernels/batch_norm.ts";
import { batchNormTraining } from "../../src/ops/batch_norm_reference.ts";
import { fusedBatchNorm } from "../../src/ops/batch_norm_program.ts";
import { assertClose, gpuTest, normals, onCpu, randomTensor, take } from "./harness.ts";

const AFTER: readonly AfterNorm[] = ["nothing", "relu", "relu and pool"];
const SHAPES = [[1, 2, 2, 1], [1, 3, 5, 257], [2, 7, 4, 8], [5, 12, 12, 20]];

/** What follows, by tfjs's own operations. */
function then(y: tf.Tensor4D, after: AfterNorm): tf.Tensor4D {
  if (after === "nothing") return y;
  return after === "relu" ? tf.relu(y) : tf.maxPool(tf.relu(y), 2, 2, "valid");
}

for (const after of AFTER) {
  gpuTest(`fusedBatchNorm(), then ${after}, agrees with tfjs's operations`, async () => {
    for (const shape of SHAPES) {
      const channels = shape[3];
      const [gamma, beta, upstream, mean, variance, bias] = [2, 3, 4, 5, 6, 7].map((seed) =>
        randomTensor<tf.Tensor1D>(seed, seed === 4 ? pooled(shape, after) : [channels])
      );
      // Means far from 0, where a mean of squares would cancel.
      const x = tf.tidy(() =>
        tf.add(randomTensor(1, shape), tf.mul(randomTensor(8, [channels]), 30))
      ) as tf.Tensor4D;
      const expected = await onCpu(
        [x, gamma, beta, upstream, mean, variance, bias],
        (x, gamma, beta, upstream, mean, variance, bias) => {
          const statistics: (Float32Array | Int32Array | Uint8Array)[] = [];
          const count = x.size / channels;
          const y = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
            then(
              batchNormTraining(
                x as tf.Tensor4D,
                gamma as tf.Tensor1D,
                beta as tf.Tensor1D,
                1e-5,
                (batch) => {
                  statistics.push(batch.mean.dataSync().slice(), batch.variance.dataSync().slice());
                },
              ),
              after,
            );
          const out = y(x, gamma, beta);
          const grads = tf.grads((x, gamma, beta) => tf.sum(tf.mul(y(x, gamma, beta), upstream)))(
            [x, gamma, beta],
          );
          const [batchMean, batchVariance] = statistics;
          const newMean = tf.add(tf.mul(mean, 0.9), tf.mul(tf.add(batchMean, bias), 0.1));
          const share = 0.1 * count / (count - 1);
          const newVariance = tf.add(tf.mul(variance, 0.9), tf.mul(batchVariance, share));
          return [out, ...grads, newMean, newVariance];
        },
      );
      const running = {
        mean: tf.variable(mean),
        variance: tf.variable(variance),
        momentum: 0.1,
      };
      const options = { epsilon: 1e-5, running, after };
      const run = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, bias: tf.Tensor) =>
        fusedBatchNorm(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, {
          ...options,
          bias: bias as tf.Tensor1D,
        });
      const y = run(x, gamma, beta, bias);
      const actual = [y, running.mean, running.variance];
      const name = `[${shape}]`;
      assertClose(await y.data(), expected[0], 1e-4, `${name} y`);
      assertClose(await running.mean.data(), expected[4], 1e-5, `${name} running mean`);
      assertClose(await running.variance.data(), expected[5], 1e-4, `${name} running variance`);
      const grads = tf.grads((x, gamma, beta, bias) =>
        tf.sum(tf.mul(run(x, gamma, beta, bias), upstream))
      )([x, gamma, beta, bias]);
      for (const [i, what] of ["dx", "dgamma", "dbeta"].entries()) {
        // A channel of few values has gradients that are next to nothing, but for rounding.
        assertClose(await grads[i].data(), expected[1 + i], 5e-4, `${name} ${what}`);
      }
      assertEquals(await grads[3].data(), new Float32Array(channels));
      tf.dispose([...actual, ...grads, x, gamma, beta, upstream, mean, variance, bias]);
    }
  });
}

function pooled([batch, height, width, channels]: number[], after: AfterNorm): number[] {
  return after === "relu and pool"
    ? [batch, Math.floor(height / 2), Math.floor(width / 2), channels]
    : [batch, height, width, channels];
}

gpuTest("fusedBatchNorm() sends a pool's gradient to the first maximum, as PyTorch", async () => {
  const x = tf.tensor4d([3, 3, 1, 3, 0, 0, 0, 0, 2, 2, 1, 0], [1, 2, 6, 1]);
  const running = {
    mean: tf.tidy(() => tf.variable(tf.zeros([1]))),
    variance: tf.tidy(() => tf.variable(tf.ones([1]))),
    momentum: 0.1,
  };
  const upstream = tf.tensor4d([1, 2, 4], [1, 1, 3, 1]);
  const [gamma, beta] = [tf.tensor1d([1.5]), tf.tensor1d([0.5])];
  const grads = tf.grads((x, gamma, beta) =>
    tf.sum(tf.mul(
      fusedBatchNorm(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, {
        epsilon: 1e-5,
        running,
        after: "relu and pool",
      }),
      upstream,
    ))
  )([x, gamma, beta]);
  // torch.nn.BatchNorm2d(1), relu and max_pool2d(2) of PyTorch 1.13, float64.
  // deno-fmt-ignore
  const expected = {
    dx: [0.011111, -1.205212, -0.638709, 1.227435, -0.355458, -0.355458, -0.355458, -0.355458,
      -0.921961, -0.921961, 4.226584, -0.355458],
    dgamma: [3.446249],
    dbeta: [7],
  };
  assertClose(await grads[0].data(), expected.dx, 1e-5, "dx");
  assertClose(await grads[1].data(), expected.dgamma, 1e-5, "dgamma");
  assertClose(await grads[2].data(), expected.dbeta, 1e-5, "dbeta");
  tf.dispose([x, upstream, gamma, beta, running.mean, running.variance, ...grads]);
});

gpuTest("normalizeByRunning() agrees with tfjs's operations", async (backend) => {
  for (const shape of SHAPES) {
    for (const after of AFTER) {
      const x = randomTensor<tf.Tensor4D>(1, shape);
      const [mean, gamma, beta] = [2, 3, 4].map((seed) =>
        randomTensor<tf.Tensor1D>(seed, [shape[3]])
      );
      const variance = tf.tensor1d(normals(5, shape[3]).map(Math.abs));
      const [expected] = await onCpu(
        [x, mean, variance, beta, gamma],
        (x, mean, variance, beta, gamma) =>
          then(
            tf.batchNorm(
              x as tf.Tensor4D,
              mean as tf.Tensor1D,
              variance as tf.Tensor1D,
              beta as tf.Tensor1D,
              gamma as tf.Tensor1D,
              1e-5,
            ),
            after,
          ),
      );
      const y = normalizeByRunning(backend, x, { mean, variance, gamma, beta }, 1e-5, after);
      assertClose(await take(y), expected, 1e-5, `[${shape}] ${after}`);
      tf.dispose([x, mean, gamma, beta, variance]);
    }
  }
});
