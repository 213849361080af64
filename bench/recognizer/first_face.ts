// deno-lint-ignore-file no-console
/**
 * The README's recognizer program: from nothing to the first face.
 *
 * @module
 */
import { FerRecognizer, useEngine } from "../../mod.ts";

using _engine = await useEngine();
using recognizer = await FerRecognizer.load();
const file = new URL("../../tests/recognizer/astronaut.jpg", import.meta.url);
const [face] = await recognizer.recognize(await Deno.readFile(file));
console.log(face.probabilities?.[0].label);
