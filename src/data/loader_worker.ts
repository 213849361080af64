/**
 * The thread that a {@linkcode DataLoader} transforms images on.
 *
 * Its first message is a transform as JSON, which it answers with `{ ready: true }`; every other one
 * is a batch.
 *
 * @module
 */
import { transformFromJSON } from "../transforms/from_json.ts";
import type { Image, Transform, TransformConfig } from "../transforms/transform.ts";
import {
  type BatchTask,
  ImageTransformError,
  transformBatch,
  type TransformedImages,
} from "./batch_transform.ts";

/** What the loader sends. */
export type WorkerRequest =
  | { readonly config: TransformConfig }
  | { readonly id: number; readonly task: BatchTask };

/** What the worker answers. */
export type WorkerResponse =
  | { readonly ready: true }
  | { readonly id: number; readonly images: TransformedImages }
  | { readonly id: number; readonly index: number; readonly cause: unknown };

/** What this module needs of a worker's global scope. */
interface WorkerScope {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage(message: WorkerResponse, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let transform: Transform | undefined;

scope.onmessage = ({ data }) => {
  if ("config" in data) {
    transform = transformFromJSON<Image, Image>(data.config);
    scope.postMessage({ ready: true }, []);
  } else if (transform !== undefined) {
    const { id, task } = data;
    try {
      const images = transformBatch(transform, task);
      scope.postMessage({ id, images }, [images.pixels.buffer]);
    } catch (error) {
      if (!(error instanceof ImageTransformError)) throw error;
      scope.postMessage({ id, index: error.index, cause: error.cause }, []);
    }
  }
};
