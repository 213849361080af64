import { assert } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type ConvolutionShape,
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
} from "../../src/kernels/convolution.ts";
import { maxPool } from "../../src/kernels/max_pool.ts";
import type { ProductCandidate } from "../../src/kernels/product.ts";
import {
  convolveSingle,
  convolveSingleFilterGradient,
  singleChannelFits,
} from "../../src/kernels/single_channel.ts";
import {
  winograd,
  winogradFilter,
  winogradFiltered,
  winogradFilterGradient,
  winogradFits,
  winogradInputGradient,
} from "../../src/kernels/winograd.ts";
import { giveBack } from "../../src/kernels/program.ts";
import { assertClose, gpuTest, onCpu, randomTensor, runsOn, take } from "./harness.ts";

const FAMILIES: readonly ProductCandidate[] = [
  { family: "tile", rows: 4, columns: 4, down: 4, across: 4, depth: 8 },
  { family: "register", rows: 8, columns: 4, down: 2, across: 4, depth: 0 },
  { family: "subgroup", rows: 2, columns: 8, down: 8, across: 2, depth: 1 },
];

interface Case {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
  readonly dy: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  readonly shape: ConvolutionShape;
  readonly name: string;
  readonly y: Float32Array;
  readonly dx: Float32Array | null;
  readonly dw: Float32Array | null;
}

/** A convolution and what the `cpu` backend says of it. */
async function caseOf(
  [batch, height, width, channels, filters, size, stride, pad, dilation]: readonly number[],
): Promise<Case> {
  const x = randomTensor<tf.Tensor4D>(1, [batch, height, width, channels]);
  const filter = randomTensor<tf.Tensor4D>(2, [size, size, channels, filters]);
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filter.shape,
    stride,
    dilation,
    pad,
    "floor",
  );
  const shape = { ...info, padTop: info.padInfo.top, padLeft: info.padInfo.left };
  const dy = randomTensor<tf.Tensor4D>(3, info.outShape);
  const bias = randomTensor<tf.Tensor1D>(4, [filters]);
  const convolution = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad, "NHWC", dilation, "floor");
  const [y, dx = null, dw = null] = await onCpu(
    [x, filter, dy, bias],
    (x, filter, dy, bias) => {
      const y = tf.add(convolution(x, filter), bias);
      return dilation > 1 ? [y] : [y, ...tf.grads(convolution)([x, filter], dy)];
    },
  );
  const name = `[${[batch, height, width, channels]}] * [${filter.shape}], stride ${stride}, ` +
    `pad ${pad}, dilation ${dilation}`;
  return { x, filter, dy, bias, shape, name, y, dx, dw };
}

const free = ({ x, filter, dy, bias }: Case) => tf.dispose([x, filter, dy, bias]);

// batch, height, width, channels, filters, size, stride, pad, dilation
const DIRECT = [
  [2, 5, 7, 4, 8, 3, 1, 1, 1],
  [1, 1, 1, 257, 1, 3, 1, 1, 1],
  [2, 7, 6, 3, 5, 3, 2, 1, 1],
  [2, 9, 8, 5, 6, 2, 2, 0, 1],
  [1, 8, 9, 4, 4, 3, 1, 2, 2],
  [1, 4, 3, 1, 257, 1, 1, 0, 1],
];

for (const candidate of FAMILIES) {
  gpuTest(
    `convolve() of the ${candidate.family} family is right for any shape`,
    async (backend) => {
      if (!runsOn(backend, candidate)) return;
      for (const sizes of DIRECT) {
        const c = await caseOf(sizes);
        const y = convolve(backend, c.x, c.filter, c.shape, candidate, c.bias);
        assertClose(await take(y), c.y, 1e-5, `${c.name}: y`);
        if (c.dx && c.dw) {
          const dx = convolveInputGradient(backend, c.dy, c.filter, c.shape, candidate);
          assertClose(await take(dx), c.dx, 1e-5, `${c.name}: dx`);
          const dw = convolveFilterGradient(backend, c.x, c.dy, c.shape, candidate);
          assertClose(await take(dw), c.dw, 1e-5, `${c.name}: dw`);
        }
        free(c);
      }
    },
  );
}

const SINGLE = [[2, 6, 6, 1, 8, 3, 1, 1, 1], [1, 1, 1, 1, 4, 3, 1, 1, 1], [
  3,
  5,
  11,
  1,
  12,
  3,
  1,
  0,
  1,
]];

gpuTest("convolveSingle() is right for any image of one channel", async (backend) => {
  for (const sizes of SINGLE) {
    const c = await caseOf(sizes);
    assert(singleChannelFits(c.shape));
    const y = convolveSingle(backend, c.x, c.filter, c.shape, c.bias);
    assertClose(await take(y), c.y, 1e-5, `${c.name}: y`);
    const dw = convolveSingleFilterGradient(backend, c.x, c.dy, c.shape);
    if (c.dw) assertClose(await take(dw), c.dw, 1e-5, `${c.name}: dw`);
    free(c);
  }
});

const WINOGRAD = [
  [1, 1, 1, 4, 4, 3, 1, 1, 1],
  [3, 12, 12, 8, 16, 3, 1, 1, 1],
  [2, 7, 9, 12, 4, 3, 1, 0, 1],
  [1, 5, 4, 260, 8, 3, 1, 1, 1],
  [2, 3, 6, 4, 8, 3, 1, 2, 1],
];

for (const tile of [2, 4] as const) {
  for (const candidate of FAMILIES) {
    const name = `winograd() F(${tile}) on the ${candidate.family} family is right for any size`;
    gpuTest(name, async (backend) => {
      if (!runsOn(backend, candidate)) return;
      // With 64 and 128 channels: 1e-6 of the largest entry for F(2), 9e-6 for F(4).
      const tolerance = tile === 2 ? 5e-6 : 2e-5;
      for (const sizes of WINOGRAD) {
        const c = await caseOf(sizes);
        assert(winogradFits(c.shape));
        const y = winograd(backend, c.x, c.filter, c.shape, tile, candidate, c.bias);
        assertClose(await take(y), c.y, tolerance, `${c.name}: y`);
        const dx = winogradInputGradient(backend, c.dy, c.filter, c.shape, tile, candidate);
        if (c.dx) assertClose(await take(dx), c.dx, tolerance, `${c.name}: dx`);
        const dw = winogradFilterGradient(backend, c.x, c.dy, c.shape, tile, candidate);
        if (c.dw) assertClose(await take(dw), c.dw, tolerance, `${c.name}: dw`);
        free(c);
      }
    });
  }
}

/** What 2x2 max pooling and ReLU leave of a convolution, as the `cpu` backend has it. */
async function pooledOf({ y, shape, x }: Case): Promise<Float32Array> {
  const all = tf.tensor(y, [x.shape[0], shape.outHeight, shape.outWidth, shape.outChannels]);
  const [pooled] = await onCpu([all], (y) => tf.relu(tf.maxPool(y as tf.Tensor4D, 2, 2, "valid")));
  all.dispose();
  return pooled;
}

gpuTest("maxPool() leaves out a last odd row and column", async (backend) => {
  for (const shape of [[1, 2, 2, 1], [2, 5, 7, 8], [3, 4, 3, 5]]) {
    const x = randomTensor<tf.Tensor4D>(1, shape);
    const [expected] = await onCpu([x], (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"));
    assertClose(await take(maxPool(backend, x)), expected, 0, `[${shape}]`);
    x.dispose();
  }
});

gpuTest("convolveSingle() pools after ReLU", async (backend) => {
  for (const sizes of [...SINGLE, [2, 7, 19, 1, 4, 3, 1, 1, 1]]) {
    const c = await caseOf(sizes);
    if (c.shape.outHeight >= 2 && c.shape.outWidth >= 2) {
      const y = convolveSingle(backend, c.x, c.filter, c.shape, c.bias, "relu", true);
      assertClose(await take(y), await pooledOf(c), 1e-5, c.name);
    }
    free(c);
  }
});

for (const tile of [2, 4] as const) {
  gpuTest(
    `winogradFiltered() F(${tile}) scales its filter, and pools after ReLU`,
    async (backend) => {
      for (const sizes of WINOGRAD.slice(1)) {
        const c = await caseOf(sizes);
        const scale = randomTensor(5, [sizes[4]]);
        // A filter divided by the scale, times the scale: the same convolution.
        const divided = tf.tidy(() => tf.div(c.filter, scale)) as tf.Tensor4D;
        backend.uploadToGPU(scale.dataId);
        const { resource } = backend.tensorMap.get(scale.dataId);
        assert(resource);
        const U = winogradFilter(backend, divided, tile, resource);
        const y = winogradFiltered(
          backend,
          c.x,
          U,
          c.shape,
          tile,
          FAMILIES[0],
          c.bias,
          "relu",
          true,
        );
        assertClose(await take(y), await pooledOf(c), 2e-5, c.name);
        giveBack(backend, U);
        tf.dispose([scale, divided]);
        free(c);
      }
    },
  );
}
