/**
 * What an adapter can do at most: bytes that a copy moves, multiplications and additions in registers.
 *
 * @module
 */
import {
  borrow,
  checkPrograms,
  giveBack,
  gpuBackend,
  type Program,
  run,
  storage,
  threadMain,
  threads,
} from "../../src/kernels/program.ts";
import type { Recorder } from "./recorder.ts";

/** The two limits of a roofline. */
export interface Roofline {
  /** Billions of bytes a second, read and written by a copy. */
  readonly gigabytesPerSecond: number;
  /** Billions of multiplications and additions a second. */
  readonly gflopPerSecond: number;
}

const COPY: Program = {
  name: "roofline: copy",
  code: `${storage([["X", "vec4f"], ["Y", "vec4f"]])}
${threadMain("  Y[id] = X[id];")}`,
};

/** Independent sums of a thread: enough to hide how long one takes. */
const SUMS = 8;
const ROUNDS = 512;

/** Products and sums of vectors, as our programs write them or as `fma()`. */
function sumsProgram(isFused: boolean): Program {
  const sums = Array.from({ length: SUMS }, (_, i) => `s${i}`);
  const term = (sum: string) => isFused ? `fma(${sum}, a, b)` : `${sum} * a + b`;
  return {
    name: `roofline: sums${isFused ? " (fma)" : ""}`,
    code: `${storage([["X", "vec4f"], ["Y", "vec4f"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // rounds
${
      threadMain(`  let a = X[0];
  let b = X[1];
${sums.map((sum, i) => `  var ${sum} = X[2] + f32(id + ${i}u);`).join("\n")}
  for (var i = 0u; i < d.x; i++) {
${sums.map((sum) => `    ${sum} = ${term(sum)};`).join("\n")}
  }
  Y[id] = ${sums.join(" + ")};`)
    }`,
  };
}

/**
 * Measures an adapter.
 *
 * @param recorder Times the programs.
 * @param megabytes How much the copy reads: more than caches hold.
 */
export async function measureRoofline(recorder: Recorder, megabytes = 64): Promise<Roofline> {
  const backend = gpuBackend();
  const floats = megabytes * 2 ** 20 / 4;
  const vectors = floats / 4;
  const count = 2 ** 14;
  const [from, to] = [borrow(backend, floats), borrow(backend, floats)];
  const least = async (work: () => void): Promise<number> => {
    let best = Infinity;
    // The first compiles.
    for (let round = 0; round < 4; round++) {
      const [{ milliseconds }] = await recorder.record(work);
      if (round > 0) best = Math.min(best, milliseconds);
    }
    await checkPrograms();
    return best;
  };
  const copy = await least(() => run(backend, COPY, [from, to], threads(vectors)));
  const sums: number[] = [];
  for (const isFused of [false, true]) {
    const program = sumsProgram(isFused);
    const words = new Uint32Array([ROUNDS, 0, 0, 0]);
    sums.push(await least(() => run(backend, program, [from, to], threads(count), words)));
  }
  giveBack(backend, from, to);
  return {
    gigabytesPerSecond: 2 * floats * 4 / copy / 1e6,
    gflopPerSecond: 2 * 4 * SUMS * ROUNDS * count / Math.min(...sums) / 1e6,
  };
}
