/**
 * The gradient of max pooling for tfjs's wasm backend, whose own one loses some of what it gets: of
 * tfjs 4.22, at places where rows of a window are not the first of their picture.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

const NAME = "MaxPoolGrad";

/** The part of tfjs's `BackendWasm` that is used. */
interface WasmBackend {
  readSync(dataId: tf.DataId): Float32Array;
  makeOutput(
    shape: readonly number[],
    dtype: "float32",
    memoryOffset: undefined,
    values: Float32Array,
  ): tf.TensorInfo;
}

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Each gradient goes to the first of its window's largest values, as PyTorch has it. */
function gradient(args: Parameters<tf.KernelConfig["kernelFunc"]>[0]): tf.TensorInfo {
  const { inputs, attrs } = args;
  const backend = args.backend as WasmBackend;
  const { dy, input } = inputs as { readonly dy: tf.TensorInfo; readonly input: tf.TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
  const shape = input.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(
    shape,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const [batch, height, width, channels] = shape;
  const x = backend.readSync(input.dataId);
  const given = backend.readSync(dy.dataId);
  const dx = new Float32Array(x.length);
  let from = 0;
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < info.outHeight; row++) {
      const top = row * info.strideHeight - info.padInfo.top;
      for (let column = 0; column < info.outWidth; column++) {
        const left = column * info.strideWidth - info.padInfo.left;
        for (let channel = 0; channel < channels; channel++, from++) {
          let [best, most] = [-1, -Infinity];
          for (let v = Math.max(top, 0); v < Math.min(top + info.filterHeight, height); v++) {
            for (let u = Math.max(left, 0); u < Math.min(left + info.filterWidth, width); u++) {
              const at = ((image * height + v) * width + u) * channels + channel;
              if (best < 0 || x[at] > most) [best, most] = [at, x[at]];
            }
          }
          if (best >= 0) dx[best] += given[from];
        }
      }
    }
  }
  return backend.makeOutput(input.shape, "float32", undefined, dx);
}

let users = 0;
let stock: tf.KernelConfig | undefined;

/** Puts a kernel in the place of another of its name. */
function put(config: tf.KernelConfig): void {
  if (tf.getKernel(NAME, "wasm")) tf.unregisterKernel(NAME, "wasm");
  tf.registerKernel(config);
}

/**
 * Has tfjs's `wasm` backend compute it right.
 *
 * @returns Takes that back, once.
 */
export function mendMaxPoolGradient(): () => void {
  if (users++ === 0) {
    stock = tf.getKernel(NAME, "wasm");
    put({ kernelName: NAME, backendName: "wasm", kernelFunc: gradient });
  }
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--users === 0 && stock) put(stock);
  };
}
