import { assertLessOrEqual } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  applyTraining,
  buildFerCnn,
  type FerModel,
  loadStateDict,
  namedWeights,
  readSafetensors,
  type StateDict,
  type TensorData,
} from "../../src/model.ts";
import { useWebGpu } from "../../src/backend.ts";

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("../parity", import.meta.url).pathname;
const path = `${folder}/model.safetensors`;
const { tensors, metadata } = readSafetensors(await Deno.readFile(path), path);

function reference(name: string): TensorData {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`${path} has no ${name}`);
  return tensor;
}

/** The tensors under a prefix, as a state dict. */
function state(prefix: string): StateDict {
  return new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}.`) && !name.endsWith("logits")
        ? [[name.slice(prefix.length + 1), tensor] as const]
        : []
    ),
  );
}

function fixtureModel(): FerModel {
  const model = buildFerCnn({
    filters: JSON.parse(metadata.filters),
    hidden: JSON.parse(metadata.hidden),
    dropout: 0,
    dropout2d: 0,
  });
  loadStateDict(model, state("initial"));
  return model;
}

// One channel: [batch, 1, height, width] and [batch, height, width, 1] are the same bytes.
const { data, shape: [batch, , height, width] } = reference("images");
const images = () => tf.tensor4d(data as Float32Array, [batch, height, width, 1]);

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(actual).reduce((most, each, i) => {
    const difference = Math.abs(each - expected[i]);
    // NaN must not pass as small.
    return difference <= most ? most : difference;
  }, 0);
}

const numbers = ({ data }: TensorData) => data as Float32Array;

/** The values of a tensor in tfjs's layout, moved to PyTorch's. */
async function inTorchLayout(value: tf.Tensor): Promise<Float32Array> {
  const axes = [[0], [0], [1, 0], [], [3, 2, 0, 1]][value.rank];
  const moved = tf.transpose(value, axes);
  const values = await moved.data<"float32">();
  moved.dispose();
  return values;
}

async function onBackend(name: "cpu" | "webgpu", test: () => Promise<void>): Promise<void> {
  if (name === "cpu") {
    await tf.setBackend("cpu");
    return await test();
  }
  const gpu = await useWebGpu();
  try {
    await test();
    gpu.check();
  } finally {
    gpu.dispose();
  }
}

for (const backend of ["cpu", "webgpu"] as const) {
  Deno.test(`buildFerCnn() gives PyTorch's logits in evaluation on ${backend}`, async () => {
    await onBackend(backend, async () => {
      const model = fixtureModel();
      const logits = model.predict(images()) as tf.Tensor;
      const difference = largestDifference(
        await logits.data(),
        numbers(reference("initial.eval_logits")),
      );
      assertLessOrEqual(difference, 1e-4);
      model.dispose();
    });
  });

  Deno.test(`buildFerCnn() gives PyTorch's training logits and gradients on ${backend}`, async () => {
    await onBackend(backend, async () => {
      const model = fixtureModel();
      const weights = namedWeights(model);
      const trained = [...weights.values()].filter((variable) => variable.trainable);
      const labels = tf.oneHot(tf.tensor1d(reference("labels").data as Int32Array, "int32"), 7);
      const x = images();
      let logits: tf.Tensor | undefined;
      const { grads } = tf.variableGrads(() => {
        logits = tf.keep(applyTraining(model, x));
        return tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar;
      }, trained);
      assertLessOrEqual(
        largestDifference(
          await logits?.data() ?? [NaN],
          numbers(reference("step1.train_logits")),
        ),
        1e-4,
      );
      for (const [name, variable] of weights) {
        // The bias of a convolution before BatchNorm has a gradient of 0: what is left is rounding.
        if (!variable.trainable || /^conv\d\.bias$/.test(name)) continue;
        const expected = numbers(reference(`step1.grad.${name}`));
        const largest = Math.max(...expected.map(Math.abs));
        const difference = largestDifference(
          await inTorchLayout(grads[variable.name]),
          expected,
        );
        assertLessOrEqual(difference / largest, 1e-3, name);
      }
      // One training pass: running statistics after it, which no optimizer touches.
      for (const n of [1, 2, 3]) {
        for (const field of ["running_mean", "running_var"]) {
          const name = `bn${n}.${field}`;
          const values = await weights.get(name)?.data() ?? [NaN];
          const difference = largestDifference(values, numbers(reference(`after1.${name}`)));
          assertLessOrEqual(difference, 1e-5, name);
        }
      }
      model.dispose();
    });
  });
}
