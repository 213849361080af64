/**
 * What the programs of a pass are part of: the products that tfjs's kernels and the network's steps
 * stand for, with what they cost as direct products.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type ConvolutionAttributes,
  convolutionShape,
} from "../../src/kernels/convolution_plan.ts";
import type { ConvolutionShape } from "../../src/kernels/convolution.ts";
import { inferenceSteps } from "../../src/model/fused_layers.ts";
import type { FerModel } from "../../src/model.ts";

/** The part of a training step at hand. */
export type Phase = "passes" | "optimizer" | "average";

/** A product of the network: one call of it. */
export interface Operation {
  /** For instance `3x3 64->128 at 24x24, forward`. */
  readonly name: string;
  /** Multiplications and additions of the direct product. */
  readonly flop: number;
  /** Those of the products that Winograd's algorithm has instead. */
  readonly winogradFlop: (tile: number) => number;
}

/** What a recorded dispatch belongs to. */
export interface Context {
  /** The phase. */
  readonly phase: Phase;
  /** The product, for the programs that compute one. */
  readonly operation: Operation | null;
}

function convolution(batch: number, s: ConvolutionShape, kind: string): Operation {
  const { filterHeight, filterWidth, inChannels, outChannels, outHeight, outWidth } = s;
  const [height, width] = kind === "input gradient"
    ? [s.inHeight, s.inWidth]
    : [outHeight, outWidth];
  return {
    name:
      `${filterHeight}x${filterWidth} ${inChannels}->${outChannels} at ${outHeight}x${outWidth}` +
      `, ${kind}`,
    flop: 2 * batch * outHeight * outWidth * filterHeight * filterWidth * inChannels * outChannels,
    winogradFlop: (tile) =>
      2 * (tile + 2) ** 2 * batch * Math.ceil(height / tile) * Math.ceil(width / tile) *
      inChannels * outChannels,
  };
}

interface Product {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function product({ a, b, transposeA, transposeB }: Product, phase: Phase): Operation {
  const [rows, depth] = transposeA ? a.shape.slice(-2).toReversed() : a.shape.slice(-2);
  const columns = transposeB ? b.shape[b.shape.length - 2] : b.shape[b.shape.length - 1];
  const count = a.shape.slice(0, -2).reduce((x, y) => x * y, 1);
  const flop = 2 * count * rows * depth * columns;
  // Of a linear layer: X W, dY Wt, Xt dY.
  const name = phase !== "passes"
    ? `${count > 1 ? `${count} of ` : ""}${rows}x${depth} by ${depth}x${columns}`
    : transposeA
    ? `linear ${rows}->${columns}, filter gradient`
    : transposeB
    ? `linear ${columns}->${depth}, input gradient`
    : `linear ${depth}->${columns}, forward`;
  return { name, flop, winogradFlop: () => flop };
}

/** Notes which operation is at hand, and adds up what all cost. */
export class Operations {
  /** The part of a step at hand. */
  phase: Phase = "passes";
  /** Multiplications and additions of the direct products so far. */
  flop = 0;
  readonly #onContext: (context: Context) => void;
  #current: Operation | null = null;

  /**
   * Wraps tfjs's kernels of products.
   *
   * @param onContext Told of what follows.
   */
  constructor(onContext: (context: Context) => void) {
    this.#onContext = onContext;
    const shapeOf = (x: readonly number[], filter: readonly number[], attrs: unknown) =>
      convolutionShape(x, filter, attrs as ConvolutionAttributes);
    const forward: Describe = ({ x, filter }, attrs) => {
      const shape = shapeOf(x.shape, filter.shape, attrs);
      return shape && convolution(x.shape[0], shape, "forward");
    };
    const linear: Describe = ({ a, b }, { transposeA, transposeB }) =>
      product({ a, b, transposeA: !!transposeA, transposeB: !!transposeB }, this.phase);
    this.#wrap("Conv2D", forward);
    this.#wrap("FusedConv2D", forward);
    this.#wrap("Conv2DBackpropInput", ({ dy, filter }, attrs) => {
      const shape = shapeOf(attrs.inputShape as number[], filter.shape, attrs);
      return shape && convolution(dy.shape[0], shape, "input gradient");
    });
    this.#wrap("Conv2DBackpropFilter", ({ x }, attrs) => {
      const shape = shapeOf(x.shape, attrs.filterShape as number[], attrs);
      return shape && convolution(x.shape[0], shape, "filter gradient");
    });
    this.#wrap("BatchMatMul", linear);
    this.#wrap("_FusedMatMul", linear);
  }

  /** Says in which part of a step what follows is. */
  enter(phase: Phase): void {
    this.phase = phase;
    this.#tell();
  }

  /**
   * A pass outside of training whose convolutions are operations too.
   *
   * @param model The model.
   * @param x Images.
   * @returns Logits.
   */
  infer(model: FerModel, x: tf.Tensor): tf.Tensor {
    const steps = inferenceSteps(model);
    if (!steps) return model.apply(x) as tf.Tensor;
    return steps.reduce((y, { layers, apply }) => {
      const layer = layers.find((layer) => layer.getClassName() === "Conv2D");
      if (!layer) return apply(y);
      const { strides, padding, dilationRate } = layer.getConfig();
      const attributes = { strides, pad: padding, dilations: dilationRate };
      const [kernel] = layer.weights.map((weight) => weight.read());
      const shape = convolutionShape(
        y.shape,
        kernel.shape as number[],
        attributes as ConvolutionAttributes,
      );
      return this.#within(shape && convolution(y.shape[0], shape, "forward"), () => apply(y));
    }, x);
  }

  #wrap(kernelName: string, describe: Describe): void {
    const kernel = tf.getKernel(kernelName, "webgpu");
    tf.unregisterKernel(kernelName, "webgpu");
    tf.registerKernel({
      ...kernel,
      kernelName,
      backendName: "webgpu",
      kernelFunc: (args) => {
        const { inputs, attrs } = args as unknown as {
          inputs: Record<string, tf.TensorInfo>;
          attrs: Record<string, unknown>;
        };
        return this.#within(describe(inputs, attrs ?? {}), () => kernel.kernelFunc(args));
      },
    });
  }

  /** The outermost operation counts: one may be made of others. */
  #within<T>(operation: Operation | null, work: () => T): T {
    if (this.#current || !operation) return work();
    this.flop += operation.flop;
    this.#current = operation;
    this.#tell();
    try {
      return work();
    } finally {
      this.#current = null;
      this.#tell();
    }
  }

  #tell(): void {
    this.#onContext({ phase: this.phase, operation: this.#current });
  }
}

type Describe = (
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs: Readonly<Record<string, unknown>>,
) => Operation | null;
