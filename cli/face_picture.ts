/**
 * Pictures of one face, read and framed for a network.
 *
 * @module
 */
import type { FramedFace } from "../mod.ts";
import { decodeImage, type Image } from "../src/data.ts";
import { reasonOf } from "../src/model/source.ts";
import { cutOut } from "../src/recognizer/crop.ts";
import type { FaceFinder } from "./faces.ts";

/** A face that is at hand: what the network takes, and where it comes from. */
export interface FacePicture {
  /** The file. */
  readonly file: string;
  /** The whole picture. */
  readonly picture: Image;
  /** The face, cut out of it. */
  readonly framed: FramedFace;
}

/** The pixels of an explanation's edge, where a framed face has as many. */
const EXPLAINED = { least: 96, most: 480 } as const;

async function readImage(file: string): Promise<Image> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (cause) {
    const advice = cause instanceof Deno.errors.IsADirectory ? ", for deno task label" : "";
    throw new Error(`Cannot read ${file}: ${reasonOf(cause)}${advice}`, { cause });
  }
  return await decodeImage(bytes, { name: file });
}

/**
 * Reads a picture and frames its face.
 *
 * @param file The picture.
 * @param finder What finds the face.
 * @param size Height and width of what the network takes, in pixels.
 * @returns The face.
 * @throws {Error} When the file is no picture, or no face is found where one is looked for.
 */
export async function readFace(
  file: string,
  finder: FaceFinder,
  size: number,
): Promise<FacePicture> {
  const picture = await readImage(file);
  const framed = await finder.frame(picture, size);
  // Whatever it were called, it would be by chance.
  if (framed.outcome === "none") {
    throw new Error(
      `Cannot find a face in ${file}: where it is filled by one, give --faces crop`,
    );
  }
  return { file, picture, framed };
}

/** What an explanation is laid over: the framed face with more of its pixels than networks take. */
export function underlay({ picture, framed: { image, crop } }: FacePicture): Image {
  if (!crop) return image;
  const size = Math.min(Math.max(Math.round(crop.size), EXPLAINED.least), EXPLAINED.most);
  return cutOut(picture, crop, size);
}
