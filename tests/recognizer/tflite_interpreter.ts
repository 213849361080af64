/**
 * Runs a network that was read from a TensorFlow Lite file, operation by operation as the file lists
 * them, with tfjs's own operations: what the network computes, whoever else may compute it otherwise.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { LiteNetwork } from "../../tools/tflite.ts";

/**
 * Runs it.
 *
 * @param network The network.
 * @param input Its one input.
 * @returns Its outputs, in the file's order.
 */
export function interpret(network: LiteNetwork, input: tf.Tensor4D): tf.Tensor[] {
  const values = new Map<number, tf.Tensor>([[network.inputs[0], input]]);
  const valueOf = <T extends tf.Tensor>(index: number): T => {
    const { data, shape } = network.tensors[index];
    return (values.get(index) ?? tf.tensor(data as Float32Array, [...shape])) as T;
  };
  for (const { kind, inputs, outputs, stride, isPadded } of network.operations) {
    const pad = isPadded ? "same" : "valid";
    const x = valueOf<tf.Tensor4D>(inputs[0]);
    const result = (): tf.Tensor => {
      switch (kind) {
        case "CONV_2D": {
          const filter = tf.transpose(valueOf<tf.Tensor4D>(inputs[1]), [1, 2, 3, 0]);
          return tf.add(tf.conv2d(x, filter, stride, pad), valueOf(inputs[2]));
        }
        case "DEPTHWISE_CONV_2D": {
          const filter = tf.transpose(valueOf<tf.Tensor4D>(inputs[1]), [1, 2, 3, 0]);
          return tf.add(tf.depthwiseConv2d(x, filter, stride, pad), valueOf(inputs[2]));
        }
        case "MAX_POOL_2D":
          return tf.maxPool(x, 2, stride, pad);
        case "RELU":
          return tf.relu(x);
        case "ADD":
          return tf.add(x, valueOf(inputs[1]));
        case "PAD": {
          const edges = network.tensors[inputs[1]].data as Int32Array;
          return tf.pad(x, [0, 1, 2, 3].map((axis) => [edges[2 * axis], edges[2 * axis + 1]]));
        }
        case "RESHAPE":
          return tf.reshape(x, [...network.tensors[outputs[0]].shape]);
        case "CONCATENATION":
          return tf.concat(inputs.map((index) => valueOf(index)), 1);
        default:
          throw new TypeError(`Cannot interpret ${kind}`);
      }
    };
    values.set(outputs[0], result());
  }
  return network.outputs.map((index) => valueOf(index));
}
