/**
 * PyTorch's BatchNorm2d as a tfjs layer.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { FoldedConvolution } from "../kernels/folded_convolution.ts";
import { batchNorm } from "../ops/batch_norm.ts";
import { FoldedWeights } from "./folded_weights.ts";

/** How a {@linkcode BatchNorm2d} normalizes. */
export interface BatchNorm2dConfig {
  /** The layer's name. */
  readonly name?: string;
  /**
   * What is added to the variance.
   *
   * @default 1e-5
   */
  readonly epsilon?: number;
  /**
   * The share of the batch in the running statistics: running = (1 - momentum) running + momentum
   * batch. (Keras calls 1 minus this number momentum.)
   *
   * @default 0.1
   */
  readonly momentum?: number;
}

/** What a {@linkcode BatchNorm2d} computes with. */
export interface BatchNorm2dParts {
  /** The scale, `[channels]`. */
  readonly gamma: tf.Variable;
  /** The shift, `[channels]`. */
  readonly beta: tf.Variable;
  /** The running statistics, `[channels]` each, and the share that a batch has in them. */
  readonly running: {
    readonly mean: tf.Variable;
    readonly variance: tf.Variable;
    readonly momentum: number;
  };
  /** What is added to the variance. */
  readonly epsilon: number;
}

type LayerVariable = ReturnType<tf.layers.Layer["addWeight"]>;

/**
 * Batch normalization over `[batch, height, width, channels]` with PyTorch's meaning: the batch is
 * normalized by its biased variance, the running variance takes the unbiased one.
 *
 * tfjs's own layer differs in momentum, in the defaults, and in that its running variance is biased.
 */
export class BatchNorm2d extends tf.layers.Layer {
  /** The name under which tfjs stores it. */
  static readonly className = "FerBatchNorm2d";

  /** The convolution before this layer with the layer folded in, for whoever computes both at once. */
  readonly folded: FoldedConvolution = new FoldedConvolution();

  /** The same in tfjs's own operations. */
  readonly foldedWeights: FoldedWeights = new FoldedWeights();

  readonly #epsilon: number;
  readonly #momentum: number;
  #weight?: LayerVariable;
  #bias?: LayerVariable;
  #runningMean?: LayerVariable;
  #runningVar?: LayerVariable;

  /** @param config Name, epsilon and momentum. */
  constructor(config: BatchNorm2dConfig = {}) {
    super({ ...config });
    this.#epsilon = config.epsilon ?? 1e-5;
    this.#momentum = config.momentum ?? 0.1;
  }

  /** @param inputShape `[batch, height, width, channels]`. */
  override build(inputShape: (number | null)[]): void {
    const shape = [inputShape[inputShape.length - 1]] as [number];
    const { ones, zeros } = tf.initializers;
    const add = (name: string, initializer: ReturnType<typeof ones>, trainable: boolean) =>
      this.addWeight(name, shape, "float32", initializer, undefined, trainable);
    this.#weight = add("weight", ones(), true);
    this.#bias = add("bias", zeros(), true);
    this.#runningMean = add("running_mean", zeros(), false);
    this.#runningVar = add("running_var", ones(), false);
    this.built = true;
  }

  /**
   * @param inputs `[batch, height, width, channels]`, float32.
   * @param kwargs `training`: by the batch's statistics, and update the running ones.
   */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    const { gamma, beta, running, epsilon } = this.parts();
    return tf.tidy(() => {
      const [scale, shift] = [gamma, beta] as tf.Tensor[] as [tf.Tensor1D, tf.Tensor1D];
      if (!kwargs?.training) {
        const [mean, variance] = [running.mean, running.variance] as tf.Tensor[] as [
          tf.Tensor1D,
          tf.Tensor1D,
        ];
        return tf.batchNorm(x, mean, variance, shift, scale, epsilon);
      }
      this.checkBatch(x.shape);
      return batchNorm(x, scale, shift, { epsilon, running });
    });
  }

  /**
   * What it computes with, for whoever computes it together with its neighbours.
   *
   * @throws {Error} When it has not been built.
   */
  parts(): BatchNorm2dParts {
    const [gamma, beta, mean, variance] = [
      this.#weight,
      this.#bias,
      this.#runningMean,
      this.#runningVar,
    ].map((weight) => {
      // A LayerVariable reads as the very variable behind it.
      const variable = weight?.read();
      if (!(variable instanceof tf.Variable)) {
        throw new Error(`Cannot apply ${this.name}: it has not been built`);
      }
      return variable;
    });
    const running = { mean, variance, momentum: this.#momentum };
    return { gamma, beta, running, epsilon: this.#epsilon };
  }

  /**
   * @param shape A batch's: `[batch, height, width, channels]`.
   * @throws {RangeError} When it has a single value a channel.
   */
  checkBatch(shape: readonly number[]): void {
    if (shape[0] * shape[1] * shape[2] >= 2) return;
    throw new RangeError(
      `Cannot train ${this.name} on a batch of shape [${shape}]: ` +
        "the variance of one value a channel is not defined",
    );
  }

  /** Frees the layer's weights, and what was folded. */
  protected override disposeWeights(): number {
    this.folded.release();
    this.foldedWeights.release();
    return super.disposeWeights();
  }

  /** @param inputShape Any; the output's is the same. */
  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  /** What the constructor takes. */
  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.#epsilon, momentum: this.#momentum };
  }
}

tf.serialization.registerClass(BatchNorm2d);
