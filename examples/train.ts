// deno-lint-ignore-file no-console
/**
 * Trains a network and keeps the best one.
 *
 *     deno run --allow-read --allow-write examples/train.ts fer2013.csv.gz model.safetensors
 *
 * The first argument may also be a number: so many drawn faces, which need no download.
 */
import {
  buildFerCnn,
  drawnFaces,
  EMOTIONS,
  evaluate,
  loadFerCsv,
  saveModel,
  Trainer,
  useWebGpu,
} from "../mod.ts";

const [source = "700", path = "model.safetensors", epochs = "10"] = Deno.args;
const faces = /^\d+$/.test(source) ? drawnFaces(Number(source), 42) : await loadFerCsv(source);
const training = faces.split("Training");
const validation = faces.split("PublicTest");

const gpu = await useWebGpu();
console.log(`Training on ${training.length} faces, with ${gpu.description}`);

// A small network, for a first look; without options it is the recipe's.
const model = buildFerCnn({ filters: [8, 16, 32], hidden: 64, seed: 42 });
const trainer = new Trainer(model, { epochs: Number(epochs), seed: 42 }, {
  gpu,
  callbacks: [{
    onEpochEnd({ epoch, trainLoss, valLoss, valAccuracy, best }) {
      const accuracy = (100 * valAccuracy).toFixed(1);
      console.log(
        `epoch ${epoch}  loss ${trainLoss.toFixed(3)}  ` +
          `validation ${valLoss.toFixed(3)}, ${accuracy} %${best ? "  best" : ""}`,
      );
    },
  }],
});
const { stopped, seconds } = await trainer.fit(training, validation);
console.log(`Ended after ${seconds.toFixed(0)} s: ${stopped}`);

const { accuracy, macroF1 } = await evaluate(model, validation, { training });
await saveModel(model, path, { metadata: { data: faces.source, metrics: { accuracy, macroF1 } } });
console.log(`${path} tells ${EMOTIONS.join(", ")} apart in ${(100 * accuracy).toFixed(1)} %`);

model.dispose();
gpu.dispose();
