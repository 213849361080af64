/**
 * The emotion network of @vladmandic/human: oarriaga's mini-Xception.
 *
 * Preprocessing as in its src/gear/emotion.ts: bilinear to 64x64, RGB weighted to grey, from 0..1 to
 * -1..1. One thing is to its advantage: human's call of resizeBilinear() leaves pixels' centres
 * aside, which moves a small image by a third of a pixel; with them its accuracy on PublicTest is
 * 65.8 %, without 65.3 %. In human itself faces are cut out of larger images and do not grow.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { packageFolder, versionOf } from "../peers/optional.ts";
import { takePart } from "./contestant.ts";

const SIZE = 64;
/** human's constants.rgb; they sum to 0.9999. */
const GREY = 0.2989 + 0.587 + 0.114;
/** Its annotations for a model of one channel; here they are our names already. */
const CLASSES = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];

await takePart("stock", async ({ size }) => {
  const folder = await packageFolder("@vladmandic/human");
  const text = await Deno.readFile(new URL("models/emotion.json", folder));
  const weights = await Deno.readFile(new URL("models/emotion.bin", folder));
  const { weightsManifest: [{ weights: weightSpecs }], ...topology } = JSON.parse(
    new TextDecoder().decode(text),
  );
  const model = await tf.loadGraphModel(
    tf.io.fromMemory({ ...topology, weightSpecs, weightData: weights.buffer }),
  );
  return {
    version: versionOf("@vladmandic/human"),
    classes: CLASSES,
    bytes: text.length + weights.length,
    parameters: Object.values(model.weights).flat().reduce((sum, each) => sum + each.size, 0),
    async probabilities(pixels, count) {
      const result = tf.tidy(() => {
        const grey = tf.div(tf.tensor4d(pixels, [count, size, size, 1], "float32"), 255);
        const resized = tf.image.resizeBilinear(grey as tf.Tensor4D, [SIZE, SIZE], false, true);
        return model.execute(tf.mul(tf.sub(tf.mul(resized, GREY), 0.5), 2)) as tf.Tensor;
      });
      const values = await result.data<"float32">();
      result.dispose();
      return values;
    },
  };
});
