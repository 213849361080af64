/**
 * The faces of a video, followed from moment to moment.
 *
 * @module
 */
import { FaceTracker, type RecognizedFace } from "../../../mod.ts";
import type { Image } from "../../../src/data.ts";
import type { Canvas } from "../../../src/draw/canvas.ts";
import type { PictureResult } from "../picture_result.ts";

/** A moment of a video. */
export interface Moment {
  /** The whole picture. */
  readonly picture: Canvas;
  /** Its faces, followed and smoothed. */
  readonly result: Extract<PictureResult, { faces: unknown }> & { readonly time: number };
}

/** How a video is labelled. */
export interface VideoOptions {
  /** Its path. */
  readonly path: string;
  /** Moments a second. */
  readonly fps: number;
  /** What was seen at its first moments, which are not looked at again. */
  readonly seen: ReadonlyArray<readonly RecognizedFace[]>;
  /** The most moments that are looked at at once. */
  readonly batch: number;
  /** Bytes of pixels that are enough for a batch. */
  readonly bytes: number;
  /** Finds faces. */
  readonly look: (images: readonly Image[]) => Promise<ReadonlyArray<readonly RecognizedFace[]>>;
  /** Called with what was seen at further moments. */
  readonly onSeen: (moments: ReadonlyArray<readonly RecognizedFace[]>) => Promise<void>;
  /** Once aborted, no further moment comes. */
  readonly signal: AbortSignal;
}

/**
 * Labels a video.
 *
 * @param frames Its pictures.
 * @param options How.
 * @returns Its moments, batch by batch; those of before are among them.
 */
export async function* labelVideo(
  frames: AsyncIterable<Canvas>,
  options: VideoOptions,
): AsyncGenerator<Moment[], void, undefined> {
  const { path, fps, seen, signal } = options;
  // A face may be missed at a moment, however far the next one is.
  const tracker = new FaceTracker({ maxMissing: Math.max(0.5, 2.5 / fps) });
  let index = 0;
  const momentOf = (picture: Canvas, faces: readonly RecognizedFace[]): Moment => {
    const time = index++ / fps;
    const rounded = Number(time.toFixed(3));
    const { width, height } = picture;
    return {
      picture,
      result: {
        path: `${path}#t=${rounded}`,
        time: rounded,
        width,
        height,
        faces: tracker.update(faces, time),
      },
    };
  };
  let batch: Canvas[] = [];
  const flush = async (): Promise<Moment[]> => {
    const found = await options.look(batch);
    await options.onSeen(found);
    const moments = batch.map((picture, i) => momentOf(picture, found[i]));
    batch = [];
    return moments;
  };
  for await (const picture of frames) {
    if (signal.aborted) return;
    if (index < seen.length) {
      yield [momentOf(picture, seen[index])];
      continue;
    }
    batch.push(picture);
    const isFull = batch.length >= options.batch ||
      batch.length * picture.data.length >= options.bytes;
    if (isFull) yield await flush();
  }
  if (batch.length > 0 && !signal.aborted) yield await flush();
}
