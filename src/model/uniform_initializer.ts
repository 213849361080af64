/**
 * The initial weights of PyTorch's convolutions and linear layers.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { Generator } from "../random.ts";

/** What a {@linkcode UniformInitializer} draws. */
export interface UniformInitializerConfig {
  /** Half the width of the interval around 0; 0 gives zeros. */
  readonly bound: number;
  /** The generator's seed. */
  readonly seed: number;
  /** The keys of the weight's own stream. */
  readonly keys: readonly number[];
}

type Initializer = ReturnType<typeof tf.initializers.zeros>;
// tfjs exports the type of its initializers but not the class.
const Base = Object.getPrototypeOf(tf.initializers.zeros().constructor) as {
  new (): Initializer;
};

/** Draws from U(-bound, bound), each weight from a stream of its own. */
export class UniformInitializer extends Base {
  /** The name under which tfjs stores it. */
  static readonly className = "FerUniform";

  readonly #config: UniformInitializerConfig;

  /** @param config The interval and the stream. */
  constructor(config: UniformInitializerConfig) {
    super();
    this.#config = config;
  }

  /** @param shape The weight's shape. */
  override apply(shape: number[]): tf.Tensor {
    const { bound, seed, keys } = this.#config;
    if (bound === 0) return tf.zeros(shape);
    const generator = new Generator(seed, ...keys);
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < values.length; i++) values[i] = generator.uniform(-bound, bound);
    return tf.tensor(values, shape);
  }

  /** What the constructor takes. */
  override getConfig(): tf.serialization.ConfigDict {
    return { ...this.#config, keys: [...this.#config.keys] };
  }
}

tf.serialization.registerClass(
  UniformInitializer as unknown as tf.serialization.SerializableConstructor<Initializer>,
);

/** What a convolution or a linear layer is made with. */
export interface LayerInitializers {
  /** The weights'. */
  readonly kernelInitializer: UniformInitializer;
  /** The biases'; a layer without them does not ask. */
  readonly biasInitializer: UniformInitializer;
}

/**
 * The initializers of a network's layers, each layer's from streams of its own.
 *
 * kaiming_uniform_(a=sqrt(5)) of PyTorch's Conv2d and Linear, and their bias: both come to
 * U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
 *
 * @param weights Random ones, or zeros for weights that are about to be filled in.
 * @param seed The generator's seed.
 * @param stream Keeps the network's weights apart from all else that is drawn from the seed.
 * @returns Gives a layer's initializers from its fan-in; call it layer by layer, in their order.
 */
export function layerInitializers(
  weights: "random" | "zeros",
  seed: number,
  stream: number,
): (fanIn: number) => LayerInitializers {
  let layer = 0;
  return (fanIn) => {
    const bound = weights === "zeros" ? 0 : 1 / Math.sqrt(fanIn);
    const keys = [stream, layer++];
    return {
      kernelInitializer: new UniformInitializer({ bound, seed, keys: [...keys, 0] }),
      biasInitializer: new UniformInitializer({ bound, seed, keys: [...keys, 1] }),
    };
  };
}
