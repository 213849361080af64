/**
 * The expression network of @vladmandic/face-api.
 *
 * As in its src/faceFeatureExtractor and src/faceExpressionNet: bilinear to 112x112, the mean of
 * each channel subtracted, divided by 255; four dense blocks, pooled, one linear layer.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { packageFolder, versionOf } from "../peers/optional.ts";
import { takePart } from "./contestant.ts";

const SIZE = 112;
const MEAN_RGB = [122.782, 117.001, 104.298];
/** Its FACE_EXPRESSION_LABELS, by our names. */
const CLASSES = ["neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"];

type Weights = Readonly<Record<string, tf.Tensor>>;

function separable(x: tf.Tensor4D, weights: Weights, name: string, stride: number): tf.Tensor4D {
  const depthwise = weights[`${name}/depthwise_filter`] as tf.Tensor4D;
  const pointwise = weights[`${name}/pointwise_filter`] as tf.Tensor4D;
  return tf.add(
    tf.separableConv2d(x, depthwise, pointwise, stride, "same"),
    weights[`${name}/bias`],
  );
}

/** Four convolutions; each takes the sum of what the ones before gave. */
function denseBlock(x: tf.Tensor4D, weights: Weights, name: string): tf.Tensor4D {
  const filters = weights[`${name}/conv0/filters`] as tf.Tensor4D | undefined;
  let sum: tf.Tensor4D = tf.relu(
    filters
      ? tf.add(tf.conv2d(x, filters, 2, "same"), weights[`${name}/conv0/bias`])
      : separable(x, weights, `${name}/conv0`, 2),
  );
  for (const layer of ["conv1", "conv2", "conv3"]) {
    // relu() of the sum so far goes in; the sum itself goes on.
    sum = tf.add(sum, separable(tf.relu(sum), weights, `${name}/${layer}`, 1));
  }
  return tf.relu(sum);
}

await takePart("stock", async ({ size }) => {
  const folder = await packageFolder("@vladmandic/face-api");
  const text = await Deno.readFile(
    new URL("model/face_expression_model-weights_manifest.json", folder),
  );
  const bin = await Deno.readFile(new URL("model/face_expression_model.bin", folder));
  const [{ weights: specs }] = JSON.parse(new TextDecoder().decode(text));
  const weights: Weights = tf.io.decodeWeights(bin.buffer, specs);
  return {
    version: versionOf("@vladmandic/face-api"),
    classes: CLASSES,
    bytes: text.length + bin.length,
    parameters: Object.values(weights).reduce((sum, each) => sum + each.size, 0),
    async probabilities(pixels, count) {
      const result = tf.tidy(() => {
        const grey = tf.tensor4d(pixels, [count, size, size, 1], "float32");
        const resized = tf.image.resizeBilinear(grey, [SIZE, SIZE]);
        let x = tf.div(tf.sub(resized, MEAN_RGB), 255) as tf.Tensor4D;
        for (const name of ["dense0", "dense1", "dense2", "dense3"]) {
          x = denseBlock(x, weights, name);
        }
        const pooled = tf.reshape(tf.avgPool(x, 7, 2, "valid"), [count, -1]) as tf.Tensor2D;
        const logits = tf.add(
          tf.matMul(pooled, weights["fc/weights"] as tf.Tensor2D),
          weights["fc/bias"],
        );
        return tf.softmax(logits as tf.Tensor2D);
      });
      const values = await result.data<"float32">();
      result.dispose();
      return values;
    },
  };
});
