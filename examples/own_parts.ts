// deno-lint-ignore-file no-console
/**
 * A network, a schedule, an optimizer and an augmentation of your own in the trainer: trains on drawn
 * faces in one go, then again with a break, and finds the same weights, bit for bit.
 *
 *     deno run --allow-read --allow-write examples/own_parts.ts 40
 *
 * The argument is the number of steps.
 */
import {
  describeNetwork,
  drawnFaces,
  EMOTIONS,
  type FerModel,
  type NetworkDefinition,
  type Optimizer,
  registerNetwork,
  RunDirectory,
  saveModel,
  Trainer,
  type TrainerOptions,
  useWebGpu,
} from "../mod.ts";
import { Compose, RandomAffine, RandomHorizontalFlip } from "../src/transforms.ts";
import * as tf from "@tensorflow/tfjs";

/** A network: any tfjs layers that end in one logit a class. */
const TINY: NetworkDefinition = {
  name: "tiny",
  about: "one convolution, one linear layer",
  build({ classes = EMOTIONS, size = 48, seed = 42 }) {
    const initializer = (more: number) => tf.initializers.heNormal({ seed: seed + more });
    const image = tf.input({ shape: [size, size, 1] });
    const layers = [
      tf.layers.conv2d({
        name: "conv",
        filters: 8,
        kernelSize: 5,
        strides: 3,
        activation: "relu",
        kernelInitializer: initializer(0),
      }),
      tf.layers.flatten({ name: "flatten" }),
      tf.layers.dense({ name: "fc", units: classes.length, kernelInitializer: initializer(1) }),
    ];
    const logits = layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, image);
    const model = tf.model({ name: "tiny", inputs: image, outputs: logits });
    const architecture = { name: "tiny", options: { size, seed } };
    return describeNetwork(model, { architecture, classes, size });
  },
};
registerNetwork(TINY);

/** An optimizer: gradient descent with momentum. What `state()` gives goes into checkpoints. */
class Momentum implements Optimizer {
  lr = 0;
  steps = 0;
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #velocities: Map<string, tf.Variable>;

  constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.#variables = variables;
    const zeros = (like: tf.Variable) => tf.tidy(() => tf.variable(tf.zerosLike(like), false));
    this.#velocities = new Map([...variables].map(([name, each]) => [name, zeros(each)]));
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>): void {
    for (const [name, velocity] of this.#velocities) {
      const [variable, gradient] = [this.#variables.get(name), gradients.get(name)];
      if (!variable || !gradient) continue;
      tf.tidy(() => {
        velocity.assign(tf.add(tf.mul(velocity, 0.9), gradient));
        variable.assign(tf.sub(variable, tf.mul(velocity, this.lr)));
      });
    }
    this.steps++;
  }

  state(): Map<string, tf.Variable> {
    return this.#velocities;
  }

  setSteps(steps: number): void {
    this.steps = steps;
  }

  dispose(): void {
    tf.dispose([...this.#velocities.values()]);
  }
}

const OWN: TrainerOptions = {
  optimizer: (variables) => new Momentum(variables),
  // A schedule: what `lr` is multiplied with at each step.
  schedule: ({ totalSteps }) => (step) => (1 - step / totalSteps) ** 2,
  // An augmentation: any transform that gives images of that size.
  augmentation: () =>
    new Compose([new RandomHorizontalFlip(), new RandomAffine(5, { translate: [0.05, 0.05] })]),
};

const steps = Number(Deno.args[0] ?? 40);
const gpu = await useWebGpu();
const faces = drawnFaces(140, 42);
const folder = await Deno.makeTempDir();

/** Trains in a run folder until a step; goes on where the folder has a run already. */
async function train(name: string, maxSteps: number): Promise<FerModel> {
  const path = `${folder}/${name}`;
  const resume = await Deno.stat(path).then(() => true, () => false);
  const runDirectory = await RunDirectory.open(path, { resume });
  const model = TINY.build({}, "random");
  const config = { epochs: 12, batchSize: 16, lr: 0.02, workers: 0, maxSteps } as const;
  const trainer = new Trainer(model, config, { ...OWN, gpu, runDirectory });
  const { best } = await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
  runDirectory.close();
  console.log(`${name} to step ${maxSteps}: macro-F1 ${best?.valMacroF1.toFixed(3)}`);
  return model;
}

try {
  await saveModel(await train("whole", steps), `${folder}/whole.safetensors`);
  (await train("broken", Math.floor(steps / 2))).dispose();
  await saveModel(await train("broken", steps), `${folder}/broken.safetensors`);
  const last = async (name: string) => await Deno.readFile(`${folder}/${name}.safetensors`);
  const [a, b] = [await last("whole"), await last("broken")];
  const isSame = a.length === b.length && a.every((byte, i) => byte === b[i]);
  console.log(`The same weights, bit for bit: ${isSame ? "yes" : "no"}`);
} finally {
  await Deno.remove(folder, { recursive: true });
  gpu.dispose();
}
