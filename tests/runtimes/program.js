// The program that each runtime runs on the package as npm's clients get it: what it gives has to be
// the same everywhere.
import {
  buildFerCnn,
  drawnFaces,
  evaluate,
  explain,
  FaceTracker,
  FerRecognizer,
  loadPretrained,
  Trainer,
  useEngine,
} from "@fer/core";
import { Grayscale } from "@fer/core/transforms";

/** What something is refused with. */
async function refusal(work) {
  try {
    await work();
    return "nothing was refused";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

/**
 * Recognizes a picture, and does what else has to work in every runtime.
 *
 * @param picture A JPEG file's bytes.
 * @param options How to start the engine.
 */
export async function examine(picture, options = {}) {
  const engine = await useEngine({ engine: "wasm", ...options });
  const loaded = await loadPretrained();
  const recognizer = await FerRecognizer.load({ model: loaded });
  const recognized = await recognizer.recognize(picture, { tta: true });
  const [tracked] = new FaceTracker().update(recognized, 0);
  const faces = recognized.map(({ box, probabilities, quality }) => ({
    box,
    probabilities: Object.fromEntries(
      (probabilities ?? []).map(({ label, probability }) => [label, probability]),
    ),
    issues: quality.issues,
  }));
  const drawn = drawnFaces(20, 7);
  const { map } = await explain(loaded.model, drawn.image(3), { label: "happy" });
  const { accuracy, loss } = await evaluate(loaded.model, drawn);
  const grey = new Grayscale().apply({ data: Uint8Array.of(255, 0, 0), width: 1, height: 1 });
  const small = buildFerCnn({ filters: [2, 2, 2], hidden: 4 });
  const errors = [
    await refusal(() => recognizer.recognize(new TextEncoder().encode("no picture at all"))),
    await refusal(() => recognizer.recognize(picture.subarray(0, 3000))),
    await refusal(() => new Trainer(small, { epochs: 1 }).fit(drawn, drawn)),
    await refusal(() => useEngine({ engine: "abacus" })),
  ];
  small.dispose();
  recognizer.dispose();
  loaded.model.dispose();
  engine.dispose();
  return {
    engine: engine.engine,
    faces,
    id: tracked?.id,
    map: map.reduce((sum, each) => sum + each, 0) / map.length,
    evaluation: { accuracy, loss },
    grey: grey.data[0],
    errors,
  };
}
