/// <reference lib="dom" />
/**
 * The page: takes frames of a camera, picture or video, and shows what the worker says of them.
 *
 * @module
 */
import type { TrackedFace } from "../../../mod.ts";
import { Announcer } from "./announcer.ts";
import { CameraError, listCameras, openCamera } from "./camera.ts";
import { byId, make, write } from "./elements.ts";
import { FacesList } from "./faces_list.ts";
import { FileError, openFile } from "./file_source.ts";
import { History } from "./history.ts";
import { HistoryChart } from "./history_chart.ts";
import type { Backend, FacesMessage, FailedMessage, ReadyMessage } from "./messages.ts";
import { clearNotice, showNotice } from "./notices.ts";
import { Numbering } from "./numbering.ts";
import { Overlay } from "./overlay.ts";
import { Recognition } from "./recognition.ts";
import { Speed } from "./speed.ts";
import { followTheme } from "./theme.ts";
import { bestOf, spokenFaces } from "./wording.ts";

/** What is looked at. */
type Source =
  | { readonly kind: "none" }
  | { readonly kind: "camera"; readonly stream: MediaStream }
  | { readonly kind: "video"; readonly url: string; readonly name: string }
  | { readonly kind: "picture"; readonly name: string };

/** The longest side of a camera's or video's frames that is looked at, in pixels. */
const LIVE_SIDE = 960;
/** That of a picture, which may show many small faces. */
const PICTURE_SIDE = 2048;

const page = {
  stage: byId("stage", HTMLElement),
  welcome: byId("welcome", HTMLElement),
  frame: byId("frame", HTMLElement),
  video: byId("video", HTMLVideoElement),
  picture: byId("picture", HTMLCanvasElement),
  camera: byId("camera", HTMLButtonElement),
  open: byId("open", HTMLButtonElement),
  file: byId("file", HTMLInputElement),
  pause: byId("pause", HTMLButtonElement),
  choice: byId("choice", HTMLElement),
  cameras: byId("cameras", HTMLSelectElement),
  gradCam: byId("grad-cam", HTMLInputElement),
  anyQuality: byId("any-quality", HTMLInputElement),
  mirror: byId("mirror", HTMLInputElement),
  mirrorLabel: byId("mirror-label", HTMLElement),
  ramp: byId("ramp", HTMLElement),
  past: byId("past", HTMLElement),
  rate: byId("rate", HTMLElement),
  latency: byId("latency", HTMLElement),
  engine: byId("engine", HTMLElement),
};

const { model = "" } = document.documentElement.dataset;
const overlay = new Overlay(byId("overlay", HTMLElement));
const list = new FacesList(byId("faces", HTMLElement), byId("empty", HTMLElement), choose);
const chart = new HistoryChart();
const announcer = new Announcer(byId("spoken", HTMLElement));
const speed = new Speed();
const recognition = new Recognition(model || null, { onReady, onFaces, onFailed });

let source: Source = { kind: "none" };
let classes: readonly string[] = [];
let numbering = new Numbering();
let history = new History(classes);
/** The faces last shown, and the size that their pixels refer to. */
let shown: { readonly faces: readonly TrackedFace[]; readonly width: number; height: number } = {
  faces: [],
  width: 1,
  height: 1,
};
/** The face that people want in the chart; else it is the largest. */
let wanted: number | null = null;
let charted: number | null = null;
/** Whether a frame is to be looked at although no new one comes. */
let isDue = false;

const wantsBackend = (): Backend => {
  const asked = new URLSearchParams(location.search);
  const name = asked.get("engine") ?? asked.get("backend") ??
    document.documentElement.dataset.wanted;
  return name === "webgpu" || name === "wasm" ? name : "auto";
};

// What the worker says.

function onReady({ backend, device, reason, ...message }: ReadyMessage): void {
  classes = message.classes;
  history = new History(classes);
  chart.setClasses(classes);
  page.stage.dataset.engine = backend;
  write(page.engine, backend === "webgpu" ? "WebGPU" : "WebAssembly");
  if (device) page.engine.append(make("small", "", device));
  if (reason) {
    showNotice(
      "info",
      "Computing with WebAssembly.",
      `It gives the same answers, only fewer a second: ${reason}.`,
    );
  }
  look();
}

function onFailed({ what, message }: FailedMessage): void {
  switch (what) {
    case "start": {
      write(page.engine, "Nothing");
      const advice = message.includes("carries none")
        ? "Serve a model file of your own, with --model PATH."
        : "Reload the page to try again.";
      return showNotice("bad", "The network could not be loaded.", `${message}. ${advice}`);
    }
    case "lost":
      write(page.engine, "Starting again…");
      recognition.start("wasm");
      return showNotice(
        "bad",
        "The graphics card was lost.",
        "Going on with WebAssembly; reload the page to use the card again.",
      );
    case "frame":
      return showNotice("bad", "A frame could not be looked at.", `${message}.`);
  }
}

function onFaces({ width, height, ...message }: FacesMessage, milliseconds: number): void {
  const now = performance.now();
  const faces = numbering.apply(message.faces);
  shown = { faces, width, height };
  if (source.kind !== "picture") {
    speed.add(now, milliseconds);
    for (const { id, probabilities } of faces) {
      if (probabilities) history.add(id, now / 1000, probabilities);
    }
  }
  write(page.latency, `${Math.round(speed.latency ?? milliseconds)} ms`);
  write(page.rate, speed.rate === null ? "–" : speed.rate.toFixed(speed.rate < 10 ? 1 : 0));
  page.stage.dataset.faces = String(faces.length);
  show();
  tell();
  if (isDue) look();
}

// What is shown.

function show(): void {
  const { faces, width, height } = shown;
  const isStill = source.kind === "picture" || source.kind === "none";
  const isMirrored = source.kind === "camera" && page.mirror.checked;
  page.frame.classList.toggle("mirrored", isMirrored);
  overlay.show(faces, classes, { width, height, isMirrored });
  const here = new Set(faces.map(({ id }) => id));
  if (wanted !== null && !here.has(wanted)) wanted = null;
  // Who was largest a moment ago stays, or the chart would jump from face to face.
  if (wanted !== null || charted === null || !here.has(charted)) {
    charted = wanted ?? faces[0]?.id ?? charted;
  }
  list.show(faces, classes, charted, isStill);
  page.past.hidden = source.kind === "picture";
  const moments = charted === null || isStill ? [] : history.of(charted);
  chart.show(isStill ? null : charted, moments, performance.now() / 1000);
}

function tell(): void {
  const { faces } = shown;
  const gist = faces.map((face) => `${face.id} ${bestOf(face)?.label ?? "?"}`).sort().join();
  const spoken = spokenFaces(faces);
  announcer.say(gist || "none", spoken);
  if (source.kind === "picture") {
    page.picture.setAttribute("aria-label", `${source.name}. ${spoken}`);
  }
}

function choose(id: number): void {
  wanted = id;
  show();
}

// What is looked at.

function look(): void {
  if (source.kind === "none") return;
  const isStill = source.kind === "picture";
  const { picture, video } = page;
  const frame = isStill
    ? { image: picture, width: picture.width, height: picture.height, longest: PICTURE_SIDE }
    : { image: video, width: video.videoWidth, height: video.videoHeight, longest: LIVE_SIDE };
  const options = { gradCam: page.gradCam.checked, anyQuality: page.anyQuality.checked };
  isDue = !recognition.isIdle;
  if (!isDue) recognition.look({ ...frame, isStill, options });
}

/** Looks at each new frame that comes while the worker is idle. */
function followVideo(): void {
  const { video } = page;
  const onFrame = (): void => {
    if (source.kind === "camera" || source.kind === "video") look();
    next();
  };
  // Older browsers tell of no frames.
  const tells = typeof video.requestVideoFrameCallback === "function";
  const next = (): void => {
    if (tells) video.requestVideoFrameCallback(onFrame);
    else requestAnimationFrame(() => video.paused ? next() : onFrame());
  };
  next();
}

function setSize(width: number, height: number): void {
  page.frame.style.setProperty("--across", String(width));
  page.frame.style.setProperty("--down", String(height));
}

/** Leaves what was looked at. */
function leave(): void {
  const { video } = page;
  if (source.kind === "camera") {
    for (const track of source.stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
  }
  video.pause();
  video.srcObject = null;
  if (source.kind === "video") {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(source.url);
  }
  recognition.reset();
  speed.clear();
  history = new History(classes);
  numbering = new Numbering();
  shown = { faces: [], width: 1, height: 1 };
  wanted = null;
  charted = null;
  announcer.clear();
  write(page.rate, "–");
  write(page.latency, "–");
  delete page.stage.dataset.faces;
}

const WAITING: Readonly<Record<Source["kind"], string>> = {
  none: "None yet. Each face gets its bars here.",
  camera: "No face in view. Look into the camera, with light from the front.",
  video: "No face in view.",
  picture: "No face was found in this picture.",
};

/** Turns to something else. */
function turnTo(next: Source): void {
  leave();
  source = next;
  const { kind } = source;
  const { video, picture } = page;
  page.stage.dataset.source = kind;
  page.welcome.hidden = kind !== "none";
  page.frame.hidden = kind === "none";
  picture.hidden = kind !== "picture";
  video.hidden = !(kind === "camera" || kind === "video");
  video.controls = kind === "video";
  video.loop = kind === "video";
  page.pause.hidden = kind !== "camera";
  write(page.pause, "Pause");
  page.mirrorLabel.hidden = kind !== "camera";
  if (kind !== "camera") page.choice.hidden = true;
  write(page.camera, kind === "camera" ? "Turn off camera" : "Turn on camera");
  page.camera.classList.toggle("main", kind === "none");
  list.explain(WAITING[kind]);
  clearNotice("bad");
  show();
}

async function showCamera(stream: MediaStream): Promise<void> {
  const { video } = page;
  turnTo({ kind: "camera", stream });
  const [track] = stream.getVideoTracks();
  track.onended = () => {
    turnTo({ kind: "none" });
    showNotice("bad", "The camera went away.", "Plug it in again and turn it on here.");
  };
  // The camera that looks away from the user is no mirror.
  page.mirror.checked = track.getSettings().facingMode !== "environment";
  video.setAttribute("aria-label", "The camera's picture");
  video.srcObject = stream;
  await video.play();
  const cameras = await listCameras();
  page.choice.hidden = cameras.length < 2;
  page.cameras.replaceChildren(...cameras.map(({ id, name }) => new Option(name, id)));
  page.cameras.value = track.getSettings().deviceId ?? "";
}

/** Turns the camera off, and tells which it was; null where none is on. */
function stopCamera(): string | null {
  if (source.kind !== "camera") return null;
  const tracks = source.stream.getTracks();
  for (const track of tracks) {
    track.onended = null;
    track.stop();
  }
  return tracks[0]?.getSettings().deviceId ?? "";
}

async function turnOnCamera(id = ""): Promise<void> {
  page.camera.disabled = true;
  page.cameras.disabled = true;
  // Many phones open one camera at a time: the one that is on goes off first.
  const before = stopCamera();
  try {
    await showCamera(await openCamera(id));
  } catch (error) {
    // Who turns to something else before the first frame ends play().
    if ((error as Error).name === "AbortError") return;
    if (before !== null) {
      await openCamera(before).then(showCamera).catch(() => turnTo({ kind: "none" }));
    }
    if (!(error instanceof CameraError)) throw error;
    showNotice("bad", error.message, error.advice);
  } finally {
    page.camera.disabled = false;
    page.cameras.disabled = false;
  }
}

async function openIt(file: File): Promise<void> {
  try {
    const opened = await openFile(file);
    if (opened.kind === "picture") {
      const { bitmap, name } = opened;
      const { width, height } = bitmap;
      turnTo({ kind: "picture", name });
      setSize(width, height);
      Object.assign(page.picture, { width, height });
      page.picture.getContext("2d")?.drawImage(bitmap, 0, 0);
      page.picture.setAttribute("aria-label", name);
      bitmap.close();
      look();
      return;
    }
    const { url, name } = opened;
    turnTo({ kind: "video", url, name });
    page.video.setAttribute("aria-label", name);
    page.video.src = url;
    await page.video.play();
  } catch (error) {
    if (error instanceof FileError) showNotice("bad", error.message);
    else if (
      (error as Error).name !== "AbortError" && (error as Error).name !== "NotSupportedError"
    ) {
      throw error;
    }
  }
}

// What people do.

/** The file that is dropped or pasted, if it is one. */
const fileOf = (data: DataTransfer | null): File | undefined => data?.files[0];

function followPeople(): void {
  const { camera, open, file, pause, video, cameras, stage } = page;
  camera.addEventListener("click", () => {
    if (source.kind === "camera") turnTo({ kind: "none" });
    else turnOnCamera();
  });
  cameras.addEventListener("change", () => turnOnCamera(cameras.value));
  open.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    // The same file may be opened again.
    file.value = "";
    if (chosen) openIt(chosen);
  });
  pause.addEventListener("click", () => {
    if (video.paused) video.play();
    else video.pause();
  });
  const showPaused = () => {
    if (source.kind === "camera") write(pause, video.paused ? "Go on" : "Pause");
  };
  video.addEventListener("play", showPaused);
  video.addEventListener("pause", showPaused);
  video.addEventListener("resize", () => setSize(video.videoWidth, video.videoHeight));
  video.addEventListener("seeked", look);
  video.addEventListener("error", () => {
    if (source.kind !== "video") return;
    const { name } = source;
    turnTo({ kind: "none" });
    showNotice("bad", `Cannot play ${name}: this browser cannot read it as a video.`);
  });
  page.gradCam.addEventListener("change", () => {
    page.ramp.hidden = !page.gradCam.checked;
    look();
  });
  page.anyQuality.addEventListener("change", look);
  page.mirror.addEventListener("change", show);

  const drag = (isOver: boolean) => stage.classList.toggle("over", isOver);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    drag(true);
  });
  addEventListener("dragleave", ({ relatedTarget }) => drag(relatedTarget !== null));
  addEventListener("drop", (event) => {
    event.preventDefault();
    drag(false);
    const dropped = fileOf(event.dataTransfer);
    if (dropped) openIt(dropped);
    else showNotice("bad", "That was no file.", "Save the picture first, then drop the file.");
  });
  addEventListener("paste", ({ clipboardData }) => {
    const pasted = fileOf(clipboardData);
    if (pasted) openIt(pasted);
  });
}

followTheme();
followPeople();
followVideo();
if (isSecureContext) recognition.start(wantsBackend());
else {
  write(page.engine, "Nothing");
  showNotice(
    "bad",
    "This page was not loaded securely.",
    "Browsers give the camera, WebGPU and checksums only to pages that came over https: or from " +
      "localhost.",
  );
}
