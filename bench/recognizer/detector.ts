/**
 * The face detectors on their own.
 *
 * @module
 */
import { BlazeFace } from "../../src/recognizer/blaze_face.ts";
import type { Detectors } from "../../src/recognizer/detector.ts";
import { UltraLight } from "../../src/recognizer/ultra_light.ts";

/** Loads the detectors that the library carries, on tfjs's current backend. */
export async function loadDetectors(): Promise<Detectors> {
  const [near, far] = await Promise.all(
    ["blaze_face", "ultra_light"].map((name) =>
      Deno.readFile(new URL(`../../src/recognizer/${name}.safetensors`, import.meta.url))
    ),
  );
  return { near: new BlazeFace(near), far: new UltraLight(far) };
}
