/**
 * @vladmandic/human in a process of its own, on the tfjs backend that the argument names.
 *
 * @module
 */
import { useEngine } from "../../src/engine.ts";
import { loadHuman } from "../faces/load_human.ts";
import { rgbTensor } from "../faces/pixels.ts";
import { versionOf } from "../peers/optional.ts";
import { serve } from "../peers/serve.ts";
import { HEIGHT, webcamPicture, WIDTH } from "./webcam_picture.ts";

await serve(async () => {
  const [name] = Deno.args;
  // Its own programs, not this library's.
  await useEngine({ engine: name as "wasm" | "webgpu", webGpu: { kernels: "stock" } });
  const human = await loadHuman(name);
  const picture = await webcamPicture(WIDTH, HEIGHT);
  const recognize = async (): Promise<number> => {
    const pixels = rgbTensor(picture);
    try {
      const { face, error } = await human.detect(pixels);
      if (error) throw new Error(error);
      return face.length;
    } finally {
      pixels.dispose();
    }
  };
  const found = await recognize();
  if (found !== 1) throw new Error(`it finds ${found} faces where there is one`);
  return {
    version: `${versionOf("@vladmandic/human")} on ${name}`,
    jobs: { "one face": { run: async () => void await recognize() } },
    answers: {},
  };
});
