/// <reference lib="dom" />
/**
 * The page's worker: recognizes, so that the page never stutters.
 *
 * @module
 */
import {
  FaceTracker,
  FerRecognizer,
  loadModel,
  loadPretrained,
  type VideoRecognizer,
} from "../../../mod.ts";
import { type Engine, startEngine } from "./engine.ts";
import type { FrameMessage, FromWorker, StartMessage, ToWorker } from "./messages.ts";

const say = (message: FromWorker): void => self.postMessage(message);

/** What is there once the networks are loaded. */
let running: { readonly engine: Engine; readonly recognizer: FerRecognizer } | undefined;
let tracker = new FaceTracker();
let video: VideoRecognizer | undefined;

async function start({ model, backend }: StartMessage): Promise<void> {
  const [engine, { recognizer, classes }] = await startEngine(backend, async ({ gpu }) => {
    const loaded = model === null
      ? await loadPretrained()
      : await loadModel(new URL(model, self.location.href));
    const recognizer = await FerRecognizer.load({ model: loaded });
    await (gpu ? gpu.wait(() => recognizer.warmUp()) : recognizer.warmUp());
    return { recognizer, classes: loaded.metadata.classes };
  });
  running = { engine, recognizer };
  video = undefined;
  engine.gpu?.lost.then(({ message }) => say({ kind: "failed", what: "lost", frame: 0, message }));
  const { device, reason } = engine;
  say({ kind: "ready", classes, backend: engine.backend, device, reason });
}

async function look({ frame, bitmap, seconds, isNew, options }: FrameMessage): Promise<void> {
  if (!running) throw new Error("Cannot look at a frame: the networks are not loaded");
  const { engine: { gpu }, recognizer } = running;
  const { width, height } = bitmap;
  try {
    if (isNew) tracker = new FaceTracker();
    if (isNew || !video) video = recognizer.forVideo();
    const frames = video;
    const recognize = () =>
      seconds === null
        ? recognizer.recognize(bitmap, options)
        : frames.recognize(bitmap, seconds, options);
    const found = await (gpu ? gpu.wait(recognize) : recognize());
    const faces = seconds === null
      ? found.map((face, i) => ({ ...face, id: i + 1 }))
      : tracker.update(found, seconds);
    say({ kind: "faces", frame, faces, width, height });
  } finally {
    bitmap.close();
  }
}

self.addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  try {
    await (data.kind === "start" ? start(data) : look(data));
  } catch (error) {
    const { message } = error as Error;
    const frame = data.kind === "frame" ? data.frame : 0;
    say({ kind: "failed", what: data.kind, frame, message });
  }
});
