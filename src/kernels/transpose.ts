/**
 * The last axes of a tensor, moved in front of those before them: Y[b, c, r] = X[b, r, c]. So images
 * go from channels last to channels first and back.
 *
 * A thread turns a block of 4 x 4 round in registers where both sides divide by 4, else it moves one
 * element.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  comesOutEven,
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";

const BLOCK = `  let at = (b * 4u * R + 4u * r) * C + c;
  let x0 = X[at];
  let x1 = X[at + C];
  let x2 = X[at + 2u * C];
  let x3 = X[at + 3u * C];
  let to = (b * 4u * C + 4u * c) * R + r;
  Y[to] = vec4f(x0.x, x1.x, x2.x, x3.x);
  Y[to + R] = vec4f(x0.y, x1.y, x2.y, x3.y);
  Y[to + 2u * R] = vec4f(x0.z, x1.z, x2.z, x3.z);
  Y[to + 3u * R] = vec4f(x0.w, x1.w, x2.w, x3.w);`;

/** Thread (matrix, block of rows, block of columns). */
function program(wide: boolean, even: boolean): Program {
  const element = wide ? "vec4f" : "f32";
  return {
    name: "transposition",
    code: `${storage([["X", element], ["Y", element]])}
@group(0) @binding(2) var<uniform> d: vec4u; // threads, blocks of rows, blocks of columns
${
      threadMain(`  ${even ? "" : "if (id >= d.x) { return; }"}
  let R = d.y;
  let C = d.z;
  let c = id % C;
  let r = (id / C) % R;
  let b = id / (C * R);
${wide ? BLOCK : "  Y[(b * C + c) * R + r] = X[id];"}`)
    }`,
  };
}

/**
 * What an order of axes moves.
 *
 * @param perm The order.
 * @returns How many axes stay where they are, the first ones, and how many after these go to the end;
 * null where it moves nothing, or otherwise.
 */
export function exchange(perm: readonly number[]): readonly [batch: number, rows: number] | null {
  const batch = perm.findIndex((axis, i) => axis !== i);
  if (batch < 0) return null;
  const rows = perm[batch] - batch;
  const left = perm.length - batch;
  const isExchange = perm.every((axis, i) =>
    i < batch || axis === batch + (i - batch + rows) % left
  );
  return isExchange ? [batch, rows] : null;
}

/**
 * Moves the last axes in front of those before them.
 *
 * @param backend tfjs's backend.
 * @param x Any shape, float32.
 * @param batch How many axes stay where they are, the first ones.
 * @param rows How many axes after these go to the end.
 * @returns The same elements, `[...batch, ...columns, ...rows]`.
 */
export function transpose(
  backend: GpuBackend,
  x: KernelTensor,
  batch: number,
  rows: number,
): KernelTensor {
  const parts = [
    x.shape.slice(0, batch),
    x.shape.slice(batch, batch + rows),
    x.shape.slice(batch + rows),
  ] as const;
  const [B, R, C] = parts.map((part) => tf.util.sizeFromShape(part));
  const wide = R % 4 === 0 && C % 4 === 0;
  const side = wide ? 4 : 1;
  const count = B * R * C / side ** 2;
  const y = output(backend, [...parts[0], ...parts[2], ...parts[1]]);
  const words = new Uint32Array([count, R / side, C / side, 0]);
  run(backend, programOf(program, wide, comesOutEven(count)), [x, y], threads(count), words);
  return y;
}
