/**
 * The face detector on its own.
 *
 * @module
 */
import { BlazeFace } from "../../src/recognizer/blaze_face.ts";

/** Loads the detector that the library carries, on tfjs's current backend. */
export async function loadDetector(): Promise<BlazeFace> {
  const file = new URL("../../src/recognizer/blaze_face.safetensors", import.meta.url);
  return new BlazeFace(await Deno.readFile(file));
}
