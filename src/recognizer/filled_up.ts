/**
 * Weights whose channels are a multiple of four.
 *
 * @module
 */
import type { TensorData } from "../model/safetensors.ts";

/**
 * Fills an axis up with zeros to a multiple of four: what the programs read at once.
 *
 * @param tensor The weights.
 * @param axis Which axis.
 * @returns The weights, filled up.
 */
export function filledUp({ shape, data }: TensorData, axis: number): TensorData {
  const length = Math.ceil(shape[axis] / 4) * 4;
  if (length === shape[axis]) return { dtype: "F32", shape, data };
  const inner = shape.slice(axis + 1).reduce((size, each) => size * each, 1);
  const [from, to] = [shape[axis] * inner, length * inner];
  const filled = new Float32Array(data.length / from * to);
  for (let i = 0; i * from < data.length; i++) {
    filled.set((data as Float32Array).subarray(i * from, (i + 1) * from), i * to);
  }
  return { dtype: "F32", shape: shape.with(axis, length), data: filled };
}
