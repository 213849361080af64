/**
 * `deno run -A bench/video.ts`: frames a second of a video of one face, its expression included.
 *
 * The video is the tests' photograph before a webcam of 640x480, whose face moves to and fro by 4 pixels a
 * frame. `forVideo()` glances at it every half second of the video, at 15 frames a second;
 * `recognize()` looks at each as a whole. Both in turns, frame by frame.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import { FerRecognizer } from "../src/recognizer.ts";
import { startBackend } from "./faces/take_part.ts";
import { webcamPicture } from "./recognizer/webcam_picture.ts";
import { number, type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench/video",
  about: "Time recognizing one face in the frames of a video of 640x480.",
  flags: {
    backend: {
      kind: "choice",
      choices: ["wasm", "webgpu"],
      default: "wasm",
      about: "What tfjs computes on",
    },
    frames: { kind: "integer", value: "N", min: 16, default: 90, about: "Frames that are timed" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
  },
  examples: ["deno run -A bench/video.ts --backend wasm"],
} as const satisfies Command;

const [WIDTH, HEIGHT] = [640, 480];
/** Frames a second of the video. */
const RATE = 15;
/** Pictures of a swing to the right. */
const SWING = 12;

/** Milliseconds of the processor so far: on wasm, what a frame takes where nothing else runs. */
function processorMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

await runProgram(COMMAND, async ({ backend, frames, markdown }) => {
  const adapter = await startBackend(backend, "fer");
  using recognizer = await FerRecognizer.load();
  await recognizer.warmUp();
  const pictures = await Promise.all(
    Array.from({ length: SWING }, (_, i) => webcamPicture(WIDTH, HEIGHT, 4 * i)),
  );
  const video = recognizer.forVideo();
  const times: Record<"each" | "video" | "whole", [wall: number, processor: number][]> = {
    ...{ each: [], video: [], whole: [] },
  };
  let missed = 0;
  for (let i = -SWING; i < frames; i++) {
    const at = (i + SWING) % (2 * SWING);
    const picture = pictures[at < SWING ? at : 2 * SWING - 1 - at];
    const [start, startMs] = [performance.now(), processorMs()];
    await recognizer.recognize(picture);
    const [middle, middleMs] = [performance.now(), processorMs()];
    const before = video.wholeFrames;
    const faces = await video.recognize(picture, (i + SWING) / RATE);
    const [end, endMs] = [performance.now(), processorMs()];
    if (i < 0) continue;
    times.each.push([middle - start, middleMs - startMs]);
    (video.wholeFrames > before ? times.whole : times.video).push([end - middle, endMs - middleMs]);
    if (faces.length !== 1 || !faces[0].probabilities) missed++;
  }
  const rows = [[
    "milliseconds a frame",
    "frames",
    "half",
    "nine tenths",
    "mean of the processor",
    "frames a second of it",
  ]];
  const all = [...times.video, ...times.whole];
  for (
    const [name, list] of [
      ["recognize(), each as a whole", times.each],
      ["forVideo(), all frames", all],
      ["... of these looked at as a whole", times.whole],
      ["... of these only where the face was", times.video],
    ] as const
  ) {
    const sorted = list.map(([wall]) => wall).toSorted((a, b) => a - b);
    const mean = list.reduce((sum, [, processor]) => sum + processor, 0) / list.length;
    rows.push([
      name,
      String(list.length),
      number(sorted[Math.floor(sorted.length / 2)]),
      number(sorted[Math.floor(0.9 * sorted.length)]),
      number(mean),
      number(1000 / mean),
    ]);
  }
  print(`${adapter}; one face in ${WIDTH}x${HEIGHT}; without its expression: ${missed} frames`);
  const table: Table = { heading: "Video", rows };
  for (const line of tableLines(table, markdown ? "markdown" : "plain")) print(line);
});
