/**
 * A recognizer in a process of its own, which is given pictures one after the other.
 *
 * Arguments: the file with the pictures' paths, tfjs's backend, and what the recognizer itself needs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { decodeImage } from "../../src/data.ts";
import type { Image } from "../../src/transforms.ts";
import { importPackage } from "../peers/optional.ts";
import { serve } from "../peers/serve.ts";
import type { AnsweredFace } from "./score.ts";

/** What computes. */
export type FaceBackend = "webgpu" | "wasm" | "cpu";

/** Finds faces and tells their expressions. */
export interface FaceReader {
  /** Name and version of what it comes with. */
  readonly version: string;
  /**
   * Looks at a picture.
   *
   * @param image Its pixels.
   * @returns Its faces.
   */
  read(image: Image): Promise<AnsweredFace[]>;
  /**
   * Tells besides, outside of the time, what it kept to itself.
   *
   * @param image The picture.
   * @param faces What `read()` gave.
   */
  tellAll?(image: Image, faces: readonly AnsweredFace[]): Promise<AnsweredFace[]>;
}

/** A picture that cannot be read. */
export interface Unreadable {
  readonly unreadable: string;
}

/**
 * Has tfjs compute.
 *
 * @param backend On what.
 * @param kernels Our kernels or tfjs's own, on WebGPU.
 * @returns What it computes on, in words.
 */
export async function startBackend(
  backend: FaceBackend,
  kernels: "fer" | "stock",
): Promise<string> {
  tf.env().set("PROD", true);
  if (backend === "webgpu") return (await useWebGpu({ kernels })).description;
  if (backend === "wasm") await importPackage("@tensorflow/tfjs-backend-wasm");
  if (!await tf.setBackend(backend)) throw new Error(`tfjs's ${backend} backend does not start`);
  return backend === "wasm" ? "WebAssembly" : "JavaScript";
}

/** A picture's pixels, or why there are none. */
async function read(path: string): Promise<Image | Unreadable> {
  try {
    return await decodeImage(await Deno.readFile(path), { name: path });
  } catch (error) {
    return { unreadable: (error as Error).message };
  }
}

/**
 * Takes part in the comparison, until stdin ends.
 *
 * @param kernels Our kernels or tfjs's own, where it computes on WebGPU.
 * @param load Loads the recognizer; what it throws is why it is missing.
 */
export async function takePart(
  kernels: "fer" | "stock",
  load: (backend: FaceBackend, args: readonly string[]) => Promise<FaceReader>,
): Promise<void> {
  await serve(async () => {
    const [list, backend, ...rest] = Deno.args;
    const paths: string[] = JSON.parse(await Deno.readTextFile(list));
    const adapter = await startBackend(backend as FaceBackend, kernels);
    const reader = await load(backend as FaceBackend, rest);
    let next = 0;
    return {
      version: reader.version,
      jobs: {},
      answers: {
        adapter: () => Promise.resolve(adapter),
        async next() {
          const image = await read(paths[next]);
          if ("unreadable" in image) {
            next++;
            return image;
          }
          // The first compiles.
          if (next++ === 0) await reader.read(image);
          const start = performance.now();
          const faces = await reader.read(image);
          const ms = performance.now() - start;
          const { width, height } = image;
          return { width, height, ms, faces: await reader.tellAll?.(image, faces) ?? faces };
        },
      },
    };
  });
}
