// Checked, not run: the package's types, by both ways in which TypeScript finds them.
import { type Engine, FerRecognizer, loadFerCsv, predict, useEngine } from "@fer/core";
import { saveOnnx } from "@fer/core/export";
import { accuracyScore } from "@fer/core/metrics";

const engine: Engine = await useEngine({ engine: "auto" });
const chosen: "webgpu" | "wasm" = engine.engine;
// @ts-expect-error There is no such engine.
await useEngine({ engine: "abacus" });
const recognizer = await FerRecognizer.load();
const [face] = await recognizer.recognize({ data: new Uint8Array(4), width: 1, height: 1 });
const side: number = face.box.width;
// @ts-expect-error It is a number.
const wrong: string = face.box.width;
const rows = await loadFerCsv("fer2013.csv");
// @ts-expect-error A path is text.
await loadFerCsv(5);
export { accuracyScore, chosen, predict, recognizer, rows, saveOnnx, side, wrong };
