/**
 * This library in a process of its own, on the engine that the argument names.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { inOneSubmit } from "../../src/kernels/one_submit.ts";
import { type EngineOptions, useEngine } from "../../src/engine.ts";
import { predict } from "../../src/predict.ts";
import { loadPretrained } from "../../src/pretrained.ts";
import { FerRecognizer } from "../../src/recognizer.ts";
import { cutOut } from "../../src/recognizer/crop.ts";
import { lookFar, show, shownPart } from "../../src/recognizer/far_look.ts";
import { lookNear } from "../../src/recognizer/near_look.ts";
import { looksAt } from "../../src/recognizer/looks.ts";
import { VERSION } from "../../src/version.ts";
import { serve } from "../peers/serve.ts";
import { loadDetectors } from "./detector.ts";
import { HEIGHT, webcamPicture, WIDTH } from "./webcam_picture.ts";

await serve(async () => {
  const [name] = Deno.args;
  const engine = await useEngine({ engine: name as EngineOptions["engine"] });
  const loaded = await loadPretrained();
  const recognizer = await FerRecognizer.load({ model: loaded });
  const nearby = await FerRecognizer.load({ model: loaded, minSize: 0.065 });
  const detectors = await loadDetectors();
  const picture = await webcamPicture(WIDTH, HEIGHT);
  const [face] = await recognizer.recognize(picture);
  if (!face) throw new Error("Cannot find the face");
  const [edge, ...coarser] = looksAt(WIDTH, HEIGHT, { minSize: 0.03, maxLooks: 4 });
  const shown = [edge, ...coarser].map((each) => show(picture, each));
  const small = shownPart(shown[0]);
  const part = { x: 0, y: 0, width: small.width, height: small.height };
  const grey = cutOut(picture, face.crop, 48);
  const look = async (): Promise<void> => {
    const y = tf.tidy(() => inOneSubmit(() => tf.concat(lookFar(detectors.far, shown))));
    await y.data();
    y.dispose();
  };
  const jobs: Record<string, () => unknown> = {
    "one face": () => recognizer.recognize(picture),
    "one face, looking for near ones alone": () => nearby.recognize(picture),
    "shrinking the picture": () => show(picture, edge),
    "the detector's look at all of it": look,
    "its closer look": () => lookNear(detectors.near, [{ image: small, part, scale: 1 }], 0.1),
    "cutting the face out": () => cutOut(picture, face.crop, 48),
    "the expression network": () => predict(loaded, grey),
  };
  return {
    version: `@fer/core ${VERSION} on ${engine.engine} (${engine.adapter ?? "no adapter"})`,
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([job, work]) => [job, { run: async () => void await work() }]),
    ),
    answers: {},
  };
});
