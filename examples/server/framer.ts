/**
 * Pictures for the network: framed by their faces where they are no crops.
 *
 * @module
 */
import { type FindsFaces, frameFace, type Image } from "../../mod.ts";
import { Grayscale, Resize } from "../../src/transforms.ts";
import type { InTurn } from "./one_at_a_time.ts";
import type { FaceMode, ServedModel } from "./protocol.ts";

/** A picture as the network takes it. */
export interface Framed {
  /** `[1, size, size]`. */
  readonly pixels: Float32Array;
  /** What was done; `none` is taken whole, too. */
  readonly outcome: "framed" | "crop" | "none";
}

/** Frames a picture. */
export type Framer = (picture: Image, faces: FaceMode) => Promise<Framed>;

/**
 * Makes a framer.
 *
 * @param detector What finds faces.
 * @param model What takes them.
 * @param inTurn Turns on the GPU.
 * @returns What frames.
 */
export function framerFor(detector: FindsFaces, model: ServedModel, inTurn: InTurn): Framer {
  const { size, range: [low, high] } = model;
  const [grey, square] = [new Grayscale(), new Resize([size, size])];
  const detect = (picture: Image) => inTurn(() => detector.detect(picture));
  return async (picture, faces) => {
    const { image, outcome } = await frameFace({ detect }, picture, { faces, size });
    const { data } = square.apply(grey.apply(image));
    const pixels = Float32Array.from(data, (sample) => low + (high - low) * sample / 255);
    return { pixels, outcome };
  };
}
