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

/**
 * Independent sums of a thread: few enough for a processor's registers, or enough to hide how long
 * one takes on a card.
 */
const SUMS = [3, 8] as const;
/** Terms of a sum in one turn of the loop, whose own cost is to vanish. */
const TERMS = 16;
const ROUNDS = 64;

/** Products and sums of vectors, as our programs write them or as `fma()`. */
function sumsProgram(count: number, isFused: boolean): Program {
  const sums = Array.from({ length: count }, (_, i) => `s${i}`);
  const term = (sum: string) => isFused ? `fma(${sum}, a, b)` : `${sum} * a + b`;
  return {
    name: `roofline: ${count} sums${isFused ? " (fma)" : ""}`,
    code: `${storage([["X", "vec4f"], ["Y", "vec4f"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // rounds
${
      threadMain(`  let a = X[0];
  let b = X[1];
${sums.map((sum, i) => `  var ${sum} = X[2] + f32(id + ${i}u);`).join("\n")}
  for (var i = 0u; i < d.x; i++) {
${
        Array.from({ length: TERMS }, () => sums.map((sum) => `    ${sum} = ${term(sum)};`))
          .flat().join("\n")
      }
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
  const words = new Uint32Array([ROUNDS, 0, 0, 0]);
  const rates: number[] = [];
  for (const length of SUMS) {
    for (const isFused of [false, true]) {
      const program = sumsProgram(length, isFused);
      const ms = await least(() => run(backend, program, [from, to], threads(count), words));
      rates.push(2 * 4 * length * TERMS * ROUNDS * count / ms / 1e6);
    }
  }
  giveBack(backend, from, to);
  return {
    gigabytesPerSecond: 2 * floats * 4 / copy / 1e6,
    gflopPerSecond: Math.max(...rates),
  };
}
