/**
 * Videos to rows, one after the other.
 *
 * @module
 */
import { dirname } from "node:path";
import type { RecognizedFace } from "../../../mod.ts";
import type { Image } from "../../../src/data.ts";
import { clock, count } from "../../numbers.ts";
import { errorLine, EXIT } from "../../program.ts";
import { refuseSameFile } from "../../same_file.ts";
import { annotated, annotatedPath } from "../annotate.ts";
import type { LabelProgress } from "../label_progress.ts";
import { addPicture } from "../picture_result.ts";
import type { RowFormat } from "../row_format.ts";
import { openRowFile, openRowPipe } from "../row_file.ts";
import type { RunIdentity } from "../run_identity.ts";
import { videoFrames, VideoWriter } from "./ffmpeg.ts";
import { labelVideo } from "./label_video.ts";
import { SeenFile } from "./seen_file.ts";

/** How videos are labelled. */
export interface LabelVideosOptions {
  /** Where rows go; `-` for stdout. */
  readonly out: string;
  /** How they are written. */
  readonly format: RowFormat;
  /** What they are made with. */
  readonly identity: RunIdentity;
  /** Whether to begin anew. */
  readonly overwrite: boolean;
  /** Moments a second. */
  readonly fps: number;
  /** The folder of videos with boxes drawn in, if any. */
  readonly annotate?: string;
  /** The most moments that are looked at at once. */
  readonly batchSize: number;
  /** Bytes of pixels that are enough for that. */
  readonly bytes: number;
  /** Where it stands. */
  readonly progress: LabelProgress;
  /** Once aborted, no further moment is labelled. */
  readonly signal: AbortSignal;
  /** Finds faces. */
  readonly look: (images: readonly Image[]) => Promise<ReadonlyArray<readonly RecognizedFace[]>>;
}

/**
 * Labels videos.
 *
 * @param videos Their paths.
 * @param options How.
 * @returns The exit code.
 * @throws {Error} When rows cannot be written, or not one video be read.
 */
export async function labelVideos(
  videos: readonly string[],
  options: LabelVideosOptions,
): Promise<number> {
  const { out, format, identity, overwrite, fps, annotate, progress, signal } = options;
  const isFile = out !== "-";
  const output = isFile
    ? await openRowFile(out, format, identity, overwrite)
    : await openRowPipe(format);
  const totals = { ...output.before };
  const isFresh = totals.pictures === 0;
  const seen = await SeenFile.open(isFile ? `${out}.seen.jsonl` : null, isFresh);
  if (!isFresh) progress.line(`${out} has ${count(totals.pictures)} moments already: going on`);
  const startedAt = performance.now();
  let failed = 0;
  for (const video of new Set(videos)) {
    if (signal.aborted) break;
    if (seen.isDone(video)) continue;
    const copy = annotate === undefined ? null : annotatedPath(annotate, video, ".mp4");
    if (copy !== null) {
      await refuseSameFile(copy, [["the video itself", video]]);
      await Deno.mkdir(dirname(copy), { recursive: true });
    }
    const writer = copy === null ? null : new VideoWriter(copy, fps);
    let isWhole = false;
    try {
      const moments = labelVideo(videoFrames(video, fps), {
        ...{ path: video, fps, signal, look: options.look },
        seen: await seen.begin(video),
        batch: options.batchSize,
        bytes: options.bytes,
        onSeen: (faces) => seen.add(faces),
      });
      let last = 0;
      for await (const batch of moments) {
        const fresh = batch.filter(({ result }) => output.done.add(result.path));
        await output.append(fresh.map(({ result }) => format.rows(result)).join(""));
        for (const { result } of fresh) addPicture(totals, result.faces.length);
        for (const { picture, result } of batch) {
          last = result.time;
          await writer?.add(annotated(picture, result.faces));
        }
        progress.update(totals.pictures - output.before.pictures, 0, 0);
      }
      isWhole = !signal.aborted;
      if (isWhole) {
        await seen.end();
        progress.line(`${video}  ${clock(last)} of it labelled`);
      }
    } catch (error) {
      progress.line(errorLine(error));
      failed++;
    } finally {
      await writer?.close(isWhole);
    }
  }
  seen.close();
  await output.close(totals, !signal.aborted && failed === 0);
  progress.clear();
  if (signal.aborted) {
    progress.line(`Stopped before the end${isFile ? ": the same command goes on" : ""}`);
    return EXIT.interrupted;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  progress.line(
    `${count(totals.pictures)} moments, ${count(totals.faces)} faces in them` +
      `${isFile ? `: ${out}` : ""}, in ${clock(seconds)}`,
  );
  return failed > 0 ? EXIT.failed : EXIT.ok;
}
