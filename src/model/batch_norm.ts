/**
 * PyTorch's BatchNorm2d as a tfjs layer.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { batchNormTraining } from "./batch_norm_training.ts";

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
    const [gamma, beta, runningMean, runningVar] = [
      this.#weight,
      this.#bias,
      this.#runningMean,
      this.#runningVar,
    ].map((variable) => {
      if (!variable) throw new Error(`Cannot apply ${this.name}: it has not been built`);
      return variable;
    });
    return tf.tidy(() => {
      const [scale, shift] = [gamma.read(), beta.read()] as [tf.Tensor1D, tf.Tensor1D];
      if (!kwargs?.training) {
        const [mean, variance] = [runningMean.read(), runningVar.read()] as [
          tf.Tensor1D,
          tf.Tensor1D,
        ];
        return tf.batchNorm(x, mean, variance, shift, scale, this.#epsilon);
      }
      const count = x.size / x.shape[3];
      if (count < 2) {
        throw new RangeError(
          `Cannot train ${this.name} on a batch of shape [${x.shape}]: ` +
            "the variance of one value a channel is not defined",
        );
      }
      const momentum = this.#momentum;
      return batchNormTraining(x, scale, shift, this.#epsilon, ({ mean, variance }) => {
        const blend = (running: LayerVariable, batch: tf.Tensor, share: number) =>
          running.write(tf.add(tf.mul(running.read(), 1 - momentum), tf.mul(batch, share)));
        blend(runningMean, mean, momentum);
        blend(runningVar, variance, momentum * count / (count - 1));
      });
    });
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
