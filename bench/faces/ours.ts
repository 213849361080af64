/**
 * This library's recognizer, with its defaults.
 *
 * @module
 */
import { FerRecognizer, type RecognizedFace } from "../../src/recognizer.ts";
import { VERSION } from "../../src/version.ts";
import { emotionOf } from "./pictures.ts";
import type { AnsweredFace } from "./score.ts";
import { takePart } from "./take_part.ts";

function answerOf({ box, probabilities, quality }: RecognizedFace): AnsweredFace {
  return {
    box: [box.x, box.y, box.width, box.height],
    label: probabilities ? emotionOf(probabilities[0].label) : null,
    isRefused: quality.issues.length > 0,
  };
}

await takePart("fer", async (_backend, [views]) => {
  const recognizer = await FerRecognizer.load();
  await recognizer.warmUp();
  const tta = views === "tta";
  return {
    version: `@fer/core ${VERSION}`,
    read: async (image) => (await recognizer.recognize(image, { tta })).map(answerOf),
    tellAll: async (image, faces) =>
      faces.some(({ isRefused }) => isRefused)
        ? (await recognizer.recognize(image, { tta, anyQuality: true })).map(answerOf)
        : [...faces],
  };
});
