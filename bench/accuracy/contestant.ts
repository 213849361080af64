/**
 * A network in a process of its own, which takes images and gives probabilities.
 *
 * Arguments: the folder with `images.json` and `pixels.u8`, tfjs's backend, the file for the
 * probabilities, and what the network itself needs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { importPackage } from "../peers/optional.ts";
import { type Job, serve } from "../peers/serve.ts";

/** What is told of the images. */
export interface ImageFacts {
  /** How many. */
  readonly count: number;
  /** Their height and width. */
  readonly size: number;
}

/** A network, ready. */
export interface Network {
  /** Name and version of what it comes with. */
  readonly version: string;
  /** Its classes by our names, in the order of its probabilities. */
  readonly classes: readonly string[];
  /** The length of its files, in bytes. */
  readonly bytes: number;
  /** The SHA-256 of its file, where it is one. */
  readonly sha256?: string;
  /** How many weights it has. */
  readonly parameters: number;
  /** What its logits are divided by, where that is known. */
  readonly temperature?: number;
  /**
   * Probabilities `[count, classes]`.
   *
   * @param pixels Grey samples from 0 to 255, `[count, size, size]`.
   * @param count How many images.
   */
  probabilities(pixels: Uint8Array, count: number): Promise<Float32Array>;
}

/** What computes. */
export type Backend = "webgpu" | "wasm";

/** Images at a time. */
const BATCH = 64;

async function startBackend(backend: Backend, kernels: "fer" | "stock"): Promise<string> {
  tf.env().set("PROD", true);
  if (backend === "webgpu") return (await useWebGpu({ kernels })).description;
  await importPackage("@tensorflow/tfjs-backend-wasm");
  if (!await tf.setBackend("wasm")) throw new Error("tfjs's wasm backend does not start");
  return "WebAssembly";
}

/**
 * Takes part in the comparison, until stdin ends.
 *
 * @param kernels Our kernels or tfjs's own, where it computes on WebGPU.
 * @param load Loads the network; what it throws is why it is missing.
 */
export async function takePart(
  kernels: "fer" | "stock",
  load: (images: ImageFacts, args: readonly string[]) => Promise<Network>,
): Promise<void> {
  await serve(async () => {
    const [folder, backend, output, ...rest] = Deno.args;
    const images: ImageFacts = JSON.parse(await Deno.readTextFile(`${folder}/images.json`));
    const { count, size } = images;
    const adapter = await startBackend(backend as Backend, kernels);
    const network = await load(images, rest);
    const pixels = await Deno.readFile(`${folder}/pixels.u8`);
    const area = size * size;
    const first = (most: number): Job => {
      const n = Math.min(most, count);
      return {
        async run() {
          await network.probabilities(pixels.subarray(0, n * area), n);
        },
      };
    };
    const { version, classes, bytes, sha256, parameters, temperature } = network;
    return {
      version,
      jobs: { image1: first(1), image64: first(BATCH) },
      answers: {
        facts: () => Promise.resolve({ adapter, classes, bytes, sha256, parameters, temperature }),
        async evaluate() {
          const all = new Float32Array(count * classes.length);
          for (let from = 0; from < count; from += BATCH) {
            const n = Math.min(BATCH, count - from);
            const part = pixels.subarray(from * area, (from + n) * area);
            all.set(await network.probabilities(part, n), from * classes.length);
          }
          await Deno.writeFile(output, new Uint8Array(all.buffer));
          return count;
        },
      },
    };
  });
}
