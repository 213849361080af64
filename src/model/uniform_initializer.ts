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
