/**
 * @vladmandic/human: its detector (BlazeFace, back camera), its mesh, by which it sees what is no
 * face, and its emotion network.
 *
 * What it would do besides is switched off, and so is what a video needs: it would pass over frames.
 * Up to 50 faces, as in its documentation's settings for groups; all else is as it comes.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../peers/optional.ts";
import { runNodeBundle } from "./node_bundle.ts";

/** The part of human's interface that is used. */
export interface Human {
  load(): Promise<void>;
  detect(image: tf.Tensor): Promise<{
    readonly error?: string | null;
    readonly face: readonly {
      readonly box: readonly [number, number, number, number];
      readonly emotion?: readonly { readonly emotion: string; readonly score: number }[];
    }[];
  }>;
}

const OFF = { enabled: false };

/**
 * Loads it.
 *
 * @param backend tfjs's backend, which computes already.
 */
export async function loadHuman(backend: string): Promise<Human> {
  const folder = await packageFolder("@vladmandic/human");
  const { default: Human } = await runNodeBundle<
    { readonly default: new (config: unknown) => Human }
  >(new URL("dist/human.node-wasm.js", folder));
  const human = new Human({
    backend,
    wasmPath: new URL("dist/", await packageFolder("@tensorflow/tfjs-backend-wasm")).href,
    modelBasePath: new URL("models/", folder).href,
    debug: false,
    cacheSensitivity: 0,
    cacheModels: false,
    filter: OFF,
    gesture: OFF,
    body: OFF,
    hand: OFF,
    object: OFF,
    segmentation: OFF,
    face: {
      enabled: true,
      detector: { rotation: false, maxDetected: 50 },
      emotion: { enabled: true, minConfidence: 0 },
      mesh: { enabled: true },
      attention: OFF,
      iris: OFF,
      description: OFF,
      antispoof: OFF,
      liveness: OFF,
    },
  });
  await human.load();
  return human;
}
