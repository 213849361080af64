/**
 * Trains in the folder of its argument, on from what is there; says when it begins and saves.
 *
 * Run by `kill_test.ts`.
 */
import { buildFerCnn, drawnFaces, RunDirectory, Trainer, useWebGpu } from "../../mod.ts";

const [path] = Deno.args;
const gpu = await useWebGpu();
const faces = drawnFaces(96, 7);
const resume = await Deno.stat(`${path}/config.json`).then(() => true, () => false);
const runDirectory = await RunDirectory.open(path, { resume });
const say = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
const trainer = new Trainer(
  buildFerCnn({ filters: [2, 2, 4], hidden: 8 }),
  { epochs: 4, batchSize: 16, workers: 0, mixup: 0.2, ema: 0.9 },
  { gpu, runDirectory, callbacks: [{ onProgress: ({ step }) => say(`step ${step}`) }] },
);
await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
runDirectory.close();
gpu.dispose();
