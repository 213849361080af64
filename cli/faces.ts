/**
 * Pictures that are not filled by one face: how tasks frame them.
 *
 * @module
 */
import { FaceDetector, type FramedFace, frameFace, type Image } from "../mod.ts";
import type { ChoiceFlag } from "./flags.ts";
import { count } from "./numbers.ts";

/** Which pictures are framed by their faces. */
export const FACE_MODES = ["auto", "crop", "find"] as const;

/** Which pictures are framed by their faces. */
export type FaceMode = typeof FACE_MODES[number];

/** The flag of every task that takes pictures. */
export const FACES_FLAG = {
  kind: "choice",
  choices: FACE_MODES,
  default: "auto",
  about: "Find and frame the face of pictures that it does not fill (auto), of none, or of all",
} as const satisfies ChoiceFlag;

/** Frames pictures by their faces, and counts what it did. */
export class FaceFinder {
  readonly #mode: FaceMode;
  readonly #start: () => Promise<unknown>;
  #detector: Promise<FaceDetector> | null = null;
  readonly #counts = { framed: 0, crop: 0, none: 0 };
  #several = 0;

  /**
   * @param mode Which pictures are framed.
   * @param start Has tfjs compute where it should; awaited before the first picture is looked at.
   */
  constructor(mode: FaceMode, start: () => Promise<unknown>) {
    this.#mode = mode;
    this.#start = start;
  }

  async #load(): Promise<FaceDetector> {
    await this.#start();
    return await FaceDetector.load();
  }

  /**
   * Frames a picture.
   *
   * @param image The picture.
   * @param size Height and width of what is cut out, in pixels.
   * @returns The face, and what was done.
   */
  async frame(image: Image, size?: number): Promise<FramedFace> {
    const detect = async (picture: Image) => {
      this.#detector ??= this.#load();
      return await (await this.#detector).detect(picture);
    };
    const framed = await frameFace({ detect }, image, { faces: this.#mode, size });
    this.#counts[framed.outcome]++;
    if (framed.outcome === "framed" && framed.found > 1) this.#several++;
    return framed;
  }

  /** Whether any picture was anything but a crop. */
  get hasLooked(): boolean {
    return this.#counts.framed + this.#counts.none > 0;
  }

  /**
   * What was done to how many pictures.
   *
   * @param fate What became of pictures in which no face was found.
   * @returns For instance `3 pictures: 2 framed by their faces, 1 is a crop and taken whole`; `null`
   * where there was none.
   */
  summary(fate: "taken whole" | "refused"): string | null {
    const { framed, crop, none } = this.#counts;
    const total = framed + crop + none;
    if (total === 0) return null;
    const several = this.#several > 0 ? ` (of several the first, in ${count(this.#several)})` : "";
    const parts = [
      framed > 0 && `${count(framed)} framed by the face that was found${several}`,
      crop > 0 && `${count(crop)} taken whole as ${crop === 1 ? "a crop" : "crops"}`,
      none > 0 && `${count(none)} ${fate}, since no face was found`,
    ].filter((part) => part !== false);
    return `${count(total)} picture${total === 1 ? "" : "s"}: ${parts.join(", ")}`;
  }

  /** Frees the detector. */
  async dispose(): Promise<void> {
    (await this.#detector)?.dispose();
  }
}
