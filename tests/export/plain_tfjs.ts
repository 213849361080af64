/**
 * A program that knows tfjs and nothing of this library: loads a network from a server, runs it on
 * the images there, and trains it for a step.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** What it prints, as JSON. */
export interface PlainAnswer {
  /** The logits of all images. */
  readonly logits: readonly number[];
  /** What the model says of itself. */
  readonly metadata: { readonly fer: Record<string, unknown>; readonly export: unknown };
  /** The classes of its layers. */
  readonly layers: readonly string[];
  /** The loss of a step of training. */
  readonly loss: number;
}

if (import.meta.main) {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const [base, count, size] = Deno.args;
  const model = await tf.loadLayersModel(`${base}/model/model.json`);
  const pixels = new Float32Array(await (await fetch(`${base}/pixels`)).arrayBuffer());
  const x = tf.tensor4d(pixels, [Number(count), Number(size), Number(size), 1]);
  const output = model.predict(x) as tf.Tensor;
  const logits = [...output.dataSync()];
  model.compile({
    optimizer: "sgd",
    loss: (labels: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits),
  });
  const labels = tf.oneHot(tf.zeros([output.shape[0]], "int32"), output.shape[1] ?? 0);
  const answer: PlainAnswer = {
    logits,
    metadata: model.getUserDefinedMetadata() as unknown as PlainAnswer["metadata"],
    layers: model.layers.map((layer) => layer.getClassName()),
    loss: Number(await model.trainOnBatch(x, labels)),
  };
  // deno-lint-ignore no-console
  console.log(JSON.stringify(answer));
}
