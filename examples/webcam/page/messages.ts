/**
 * What the page and its worker say to each other.
 *
 * @module
 */
import type { RecognizeOptions, TrackedFace } from "../../../mod.ts";

/** On what the networks are to be computed. */
export type Backend = "auto" | "webgpu" | "wasm";

/** Loads the networks. */
export interface StartMessage {
  readonly kind: "start";
  /** The expression network's address; null for the one that comes with the library. */
  readonly model: string | null;
  readonly backend: Backend;
}

/** Has a frame looked at; one at a time. */
export interface FrameMessage {
  readonly kind: "frame";
  /** Comes back with the answer. */
  readonly frame: number;
  readonly bitmap: ImageBitmap;
  /** When it was taken, in seconds; null for a picture, which nothing came before. */
  readonly seconds: number | null;
  /** Whether it begins something else than the frame before belonged to. */
  readonly isNew: boolean;
  readonly options: RecognizeOptions;
}

/** Frames may come. */
export interface ReadyMessage {
  readonly kind: "ready";
  /** The expressions, in the network's order. */
  readonly classes: readonly string[];
  readonly backend: "webgpu" | "wasm";
  /** The adapter's name; empty where the browser does not tell. */
  readonly device: string;
  /** Why it is not WebGPU. */
  readonly reason: string | null;
}

/** A frame's faces. */
export interface FacesMessage {
  readonly kind: "faces";
  readonly frame: number;
  readonly faces: readonly TrackedFace[];
  /** The frame's size: what the boxes' pixels refer to. */
  readonly width: number;
  readonly height: number;
}

/** Something went wrong. */
export interface FailedMessage {
  readonly kind: "failed";
  /** `start`: nothing will come; `frame`: this frame has no answer; `lost`: the GPU is gone. */
  readonly what: "start" | "frame" | "lost";
  readonly frame: number;
  readonly message: string;
}

/** What the worker is told. */
export type ToWorker = StartMessage | FrameMessage;

/** What the worker tells. */
export type FromWorker = ReadyMessage | FacesMessage | FailedMessage;
