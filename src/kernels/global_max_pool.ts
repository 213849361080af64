/**
 * Global max pooling: y[b, c] = max over rows and columns of X[b, y, x, c]. Its gradient goes to the
 * first maximum, as PyTorch's does. Each thread computes one image's group of channels.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  comesOutEven,
  type GpuBackend,
  gpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";
import { groupsOf } from "./stretches.ts";

const start = (count: number, groups: number, area: number) =>
  `${comesOutEven(count) ? "" : `  if (id >= ${count}u) { return; }`}
  var at = (id / ${groups}u) * ${area * groups}u + id % ${groups}u;`;

function globalMaxPoolProgram(batch: number, area: number, channels: number): Program {
  const { alias, count: G } = groupsOf(channels);
  return {
    name: "global max pooling",
    code: `${alias}
${storage([["X", "E"], ["Y", "E"]])}
${
      threadMain(`${start(batch * G, G, area)}
  var y = X[at];
  for (var i = 1u; i < ${area}u; i++) {
    at += ${G}u;
    let x = X[at];
    y = select(y, x, x > y);
  }
  Y[id] = y;`)
    }`,
  };
}

function globalMaxPoolGradientProgram(batch: number, area: number, channels: number): Program {
  const { alias, count: G, size } = groupsOf(channels);
  const flag = size === 4 ? "vec4<bool>" : "bool";
  return {
    name: "global max pooling gradient",
    code: `${alias}
${storage([["D", "E"], ["X", "E"], ["Y", "E"], ["dX", "E"]])}
${
      threadMain(`${start(batch * G, G, area)}
  let dy = D[id];
  let y = Y[id];
  var isOpen = ${flag}(true);
  for (var i = 0u; i < ${area}u; i++) {
    let here = isOpen & (X[at] == y);
    dX[at] = select(E(), dy, here);
    isOpen = isOpen & !here;
    at += ${G}u;
  }`)
    }`,
  };
}

/**
 * The largest over rows and columns.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, height, width, channels]`, float32, not empty.
 * @returns `[batch, channels]`.
 */
export function globalMaxPool(backend: GpuBackend, x: KernelTensor): KernelTensor {
  const [batch, height, width, channels] = x.shape;
  const y = output(backend, [batch, channels]);
  run(
    backend,
    programOf(globalMaxPoolProgram, batch, height * width, channels),
    [x, y],
    threads(batch * groupsOf(channels).count),
  );
  return y;
}

/**
 * Global max pooling that can be differentiated.
 *
 * @param x `[batch, height, width, channels]`, float32, none of them 0.
 * @returns `[batch, channels]`.
 * @throws {KernelError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedGlobalMaxPool(x: tf.Tensor4D): tf.Tensor2D {
  const tensor = (info: KernelTensor) => tf.engine().makeTensorFromTensorInfo(info);
  const pool = tf.customGrad((...args) => {
    const [x] = args as [tf.Tensor4D];
    const save = args[1] as tf.GradSaveFunc;
    const y = tensor(globalMaxPool(gpuBackend(), x));
    save([x, y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, [x, y]: tf.Tensor[]) => {
        const backend = gpuBackend();
        const [batch, height, width, channels] = x.shape;
        const dx = output(backend, x.shape);
        run(
          backend,
          programOf(globalMaxPoolGradientProgram, batch, height * width, channels),
          [dy, x, y, dx],
          threads(batch * groupsOf(channels).count),
        );
        return tensor(dx);
      },
    };
  });
  return pool(x) as tf.Tensor2D;
}
