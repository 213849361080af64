/**
 * What benchmarks on faces of PublicTest have in common.
 *
 * @module
 */
import { chooseModel, MODEL_FLAG } from "../../cli/choose_model.ts";
import { DATA_FLAG, openData, splitOf } from "../../cli/source.ts";
import { useWebGpu } from "../../src/backend.ts";
import type { FerDataset } from "../../src/data.ts";
import type { LoadedModel } from "../../src/model.ts";

/** Their flags, beside the seed. */
export const FACES_FLAGS = {
  data: DATA_FLAG,
  model: MODEL_FLAG,
  faces: { kind: "integer", value: "N", min: 10, default: 1000, about: "Faces, from the first" },
  markdown: { kind: "boolean", about: "Print tables in Markdown" },
} as const;

/** Faces, and the network that looks at them. */
export interface PublicTestFaces {
  /** PublicTest. */
  readonly split: FerDataset;
  /** How many of its faces are wanted. */
  readonly count: number;
  /** The network, on the GPU. */
  readonly model: LoadedModel;
  /** What to call it. */
  readonly name: string;
}

/** Starts the GPU and loads what the flags name. */
export async function openFaces(
  { data, model, faces }: {
    readonly data?: string;
    readonly model?: string;
    readonly faces: number;
  },
): Promise<PublicTestFaces> {
  await useWebGpu();
  const split = splitOf((await openData(data)).dataset, "PublicTest");
  const chosen = await chooseModel(model);
  const count = Math.min(faces, split.length);
  return { split, count, model: await chosen.load(), name: chosen.name };
}

/** A share as people write it, without the sign. */
export const percent = (share: number): string => (100 * share).toFixed(1);
