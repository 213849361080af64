/**
 * The runs that training has left here.
 *
 * @module
 */

import { PROJECT } from "./standing.ts";

/** Where training leaves its runs. */
export const RUNS: string = `${PROJECT}runs`;

/** A run with weights. */
export interface TrainedRun {
  /** Its folder. */
  readonly folder: string;
  /** Whether it only tried things out: on drawn faces, or with `--fast-dev-run`. */
  readonly isTrial: boolean;
}

async function isTrial(folder: string): Promise<boolean> {
  try {
    const { config, data } = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    return config?.fastDevRun === true || String(data?.source).startsWith("drawnFaces(");
  } catch {
    return false;
  }
}

/**
 * The runs that have left weights.
 *
 * @returns The newest first.
 */
export async function trainedRuns(): Promise<TrainedRun[]> {
  const found: Array<{ folder: string; time: number }> = [];
  try {
    for await (const { name } of Deno.readDir(RUNS)) {
      const folder = `${RUNS}/${name}`;
      const time = await Deno.stat(`${folder}/best.safetensors`)
        .then((info) => info.mtime?.getTime() ?? 0, () => null);
      if (time !== null) found.push({ folder, time });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  found.sort((a, b) => b.time - a.time);
  return await Promise.all(
    found.map(async ({ folder }) => ({ folder, isTrial: await isTrial(folder) })),
  );
}
