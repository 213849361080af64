import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readSafetensors } from "../../src/model/safetensors.ts";
import {
  balancedClassWeights,
  crossEntropy,
  logitAdjustments,
  targetCoefficients,
} from "../../src/train/loss.ts";

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("../parity", import.meta.url).pathname;
const { tensors } = readSafetensors(
  await Deno.readFile(`${folder}/model.safetensors`),
  "model.safetensors",
);
const values = (name: string) => tensors.get(name)?.data as Float32Array;
const labels = tensors.get("labels")?.data as Int32Array;

tf.env().set("PROD", true);

async function lossOf(coefficients: Float32Array): Promise<number> {
  await tf.setBackend("cpu");
  const n = labels.length;
  return tf.tidy(() =>
    crossEntropy(
      tf.tensor2d(values("initial.eval_logits"), [n, 7]),
      tf.tensor2d(coefficients, [n, 7]),
    ).dataSync()[0]
  );
}

Deno.test("crossEntropy() with label smoothing 0.1 equals PyTorch's", async () => {
  const actual = await lossOf(targetCoefficients(labels, { classes: 7, labelSmoothing: 0.1 }));
  assertAlmostEquals(actual, values("loss.label_smoothing_0.1")[0], 1e-6);
});

Deno.test("crossEntropy() with class weights equals PyTorch's", async () => {
  const classWeights = values("class_weight");
  const actual = await lossOf(targetCoefficients(labels, { classes: 7, classWeights }));
  assertAlmostEquals(actual, values("loss.class_weighted")[0], 1e-6);
});

Deno.test("crossEntropy() has the gradient softmax - target, scaled by the mean", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const logits = tf.tensor2d([[1, 2, 3]]);
    const targets = tf.tensor2d([[0, 0, 1]]);
    const gradient = tf.grad((x) => crossEntropy(x, targets))(logits).dataSync();
    // softmax(1, 2, 3) = 0.09003057, 0.24472847, 0.66524096
    [0.09003057, 0.24472847, -0.33475904].forEach((value, i) =>
      assertAlmostEquals(gradient[i], value, 1e-6)
    );
  });
});

Deno.test("targetCoefficients() takes soft labels in place of labels", () => {
  const softLabels = [0.25, 0.75, 1, 0];
  const actual = targetCoefficients([-1, 0], { classes: 2, softLabels });
  assertEquals([...actual], [0.125, 0.375, 0.5, 0]);
});

Deno.test("targetCoefficients() rejects a label that is no class", () => {
  assertThrows(
    () => targetCoefficients([7], { classes: 7 }),
    RangeError,
    "Cannot train on label 7: there are 7 classes",
  );
});

Deno.test("balancedClassWeights() equals scikit-learn's, without the unlabelled", () => {
  // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1], y=[0, 0, 0, 1])
  assertEquals(balancedClassWeights([0, 0, 0, 1, -1], 2), [4 / 6, 2]);
});

Deno.test("logitAdjustments() are a share of the log of each class's own", () => {
  const actual = logitAdjustments([0, 0, 0, 1, -1], 3, 0.5);
  // 0.5 ln 0.75, 0.5 ln 0.25; the third as if it had one image of the four.
  [-0.14384104, -0.69314718, -0.69314718].forEach((value, i) =>
    assertAlmostEquals(actual[i], value, 1e-8)
  );
  assertEquals(logitAdjustments([], 2, 1), [0, 0]);
});
