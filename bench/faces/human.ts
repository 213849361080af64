/**
 * @vladmandic/human, who takes part in the comparison.
 *
 * @module
 */
import { versionOf } from "../peers/optional.ts";
import { loadHuman } from "./load_human.ts";
import { emotionOf } from "./pictures.ts";
import { rgbTensor } from "./pixels.ts";
import { takePart } from "./take_part.ts";

await takePart("stock", async (backend) => {
  const human = await loadHuman(backend);
  return {
    version: versionOf("@vladmandic/human"),
    async read(image) {
      const pixels = rgbTensor(image);
      const { face, error } = await human.detect(pixels);
      pixels.dispose();
      if (error) throw new Error(error);
      return face.map(({ box, emotion = [] }) => {
        const best = emotion.toSorted((a, b) => b.score - a.score).at(0);
        return { box, label: best ? emotionOf(best.emotion) : null, isRefused: false };
      });
    },
  };
});
