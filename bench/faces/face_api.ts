/**
 * @vladmandic/face-api: its SSD MobileNet and its expression network, as they come.
 *
 * It waits for the GPU in the middle of its work in a way that Deno's WebGPU does not know; there it
 * is missing.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { packageFolder, versionOf } from "../peers/optional.ts";
import { runNodeBundle } from "./node_bundle.ts";
import { emotionOf } from "./pictures.ts";
import { rgbTensor } from "./pixels.ts";
import { takePart } from "./take_part.ts";

/** A network of face-api. */
interface Net {
  loadFromDisk(folder: string): Promise<void>;
}

interface FoundFace {
  readonly detection: {
    readonly box: {
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
    };
  };
  readonly expressions: Readonly<Record<string, number>>;
}

/** The part of face-api's interface that is used. */
interface FaceApi {
  readonly nets: { readonly ssdMobilenetv1: Net; readonly faceExpressionNet: Net };
  readonly SsdMobilenetv1Options: new () => object;
  detectAllFaces(
    image: tf.Tensor,
    options: object,
  ): { withFaceExpressions(): PromiseLike<readonly FoundFace[]> };
}

await takePart("stock", async () => {
  const folder = await packageFolder("@vladmandic/face-api");
  const { nets, SsdMobilenetv1Options, detectAllFaces } = await runNodeBundle<FaceApi>(
    new URL("dist/face-api.node-wasm.js", folder),
  );
  const models = new URL("model/", folder).pathname;
  await nets.ssdMobilenetv1.loadFromDisk(models);
  await nets.faceExpressionNet.loadFromDisk(models);
  return {
    version: versionOf("@vladmandic/face-api"),
    async read(image) {
      const pixels = rgbTensor(image);
      const found = await detectAllFaces(pixels, new SsdMobilenetv1Options()).withFaceExpressions();
      pixels.dispose();
      return found.map(({ detection: { box: { x, y, width, height } }, expressions }) => {
        const [best] = Object.entries(expressions).sort((a, b) => b[1] - a[1]);
        return { box: [x, y, width, height], label: emotionOf(best[0]), isRefused: false };
      });
    },
  };
});
