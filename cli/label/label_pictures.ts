/**
 * From pictures to rows.
 *
 * @module
 */
import type { Image } from "../../src/data.ts";
import type { Decoded } from "./decode_ahead.ts";
import type { LabelledFace, PictureResult } from "./picture_result.ts";

/** Finds the faces of several pictures, and what they express. */
export type Labeller = (
  images: readonly Image[],
) => Promise<ReadonlyArray<readonly LabelledFace[]>>;

/** How many pictures are labelled at once. */
export interface BatchLimits {
  /** The most pictures. */
  readonly pictures: number;
  /** Bytes of pixels that are enough. */
  readonly bytes: number;
  /** Pictures of the first batch; fewer, so that the others begin where they would have. */
  readonly first?: number;
}

/**
 * Labels pictures, batch by batch.
 *
 * @param decoded The pictures, in order.
 * @param labeller Labels them.
 * @param limits How many at once.
 * @returns Batches of what came of them, in the same order.
 * @throws {Error} When the labeller fails at more than single pictures.
 */
export async function* labelPictures(
  decoded: AsyncIterable<Decoded>,
  labeller: Labeller,
  limits: BatchLimits,
): AsyncGenerator<PictureResult[], void, undefined> {
  let most = limits.first ?? limits.pictures;
  let batch: Decoded[] = [];
  let bytes = 0;
  for await (const each of decoded) {
    batch.push(each);
    if ("image" in each) bytes += each.image.data.length;
    if (batch.length < most && bytes < limits.bytes) continue;
    yield await labelBatch(batch, labeller);
    most = limits.pictures;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield await labelBatch(batch, labeller);
}

async function labelBatch(batch: readonly Decoded[], labeller: Labeller): Promise<PictureResult[]> {
  const images = batch.flatMap((each) => "image" in each ? [each.image] : []);
  const outcomes = (await outcomesOf(images, labeller)).values();
  return batch.map((each) => {
    const { path } = each;
    if ("error" in each) return { path, error: each.error };
    const { width, height } = each.image;
    const outcome = outcomes.next().value ?? [];
    return outcome instanceof Error
      ? { path, error: outcome.message.replace(/\s*\n\s*/g, " ") }
      : { path, width, height, faces: outcome };
  });
}

/** A picture that anything can be done with. */
const PLAIN: Image = { data: new Uint8Array(64 * 64).fill(128), width: 64, height: 64 };

/** Each picture's faces, or what it makes the labeller throw. */
async function outcomesOf(
  images: readonly Image[],
  labeller: Labeller,
): Promise<ReadonlyArray<readonly LabelledFace[] | Error>> {
  if (images.length === 0) return [];
  try {
    return await labeller(images);
  } catch (error) {
    if (images.length > 1) {
      const outcomes: Array<readonly LabelledFace[] | Error> = [];
      for (const image of images) outcomes.push(...await outcomesOf([image], labeller));
      return outcomes;
    }
    // A plain picture tells whether it was this one's fault or, say, the GPU is gone.
    await labeller([PLAIN]).catch(() => {
      throw error;
    });
    return [error instanceof Error ? error : new Error(String(error))];
  }
}
