/**
 * What programs have in common whose threads compute four neighbours of a row and several channels
 * each, in registers. Their weights are the same for every thread of a subgroup: where a fetch is
 * dear, each thread fetches a part of them and they hand them round.
 *
 * @module
 */
import { range } from "./range.ts";
import { type Subgroups, subgroupsOf } from "./subgroups.ts";

/** Pixels of a row that a thread computes. */
export const STRETCH = 4;
/** Threads of a workgroup where there are no subgroups to choose it. */
const THREADS = 32;

/**
 * The subgroups whose threads hand weights round. Wide ones are those of a card, which fetches what
 * is the same for all in one go.
 *
 * @param device The device.
 * @returns Its subgroups, of no threads where each thread is to fetch by itself.
 */
export function lanesOf(device: GPUDevice): Subgroups {
  const { size, directive } = subgroupsOf(device);
  return size > 0 && 8 % size === 0 ? { size, directive } : { size: 0, directive: "" };
}

/** Threads of a workgroup. */
export const threadsOf = (lanes: number): number => lanes || THREADS;

/** The head of a program's `main()`, which counts threads in `id`; `w` is the workgroup. */
export const mainOf = (lanes: number): string =>
  `@compute @workgroup_size(${threadsOf(lanes)})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) l: u32${
    lanes ? ", @builtin(subgroup_invocation_id) lane: u32" : ""
  }) {
  let id = w.x * ${threadsOf(lanes)}u + ${lanes ? "lane" : "l"};`;

/** Fetches what `weightOf()` hands round of the given places of the row of `W` at `start`. */
export function fetchesOf(places: readonly number[], lanes: number): string[] {
  if (lanes === 0) return [];
  const rows = new Set(places.map((n) => Math.floor(n / lanes)));
  return [...rows].map((r) => `let r${r} = W[start + ${r * lanes}u + lane];`);
}

/** A place of the row of `W` at `start`: handed round, or a fetch of its own. */
export const weightOf = (n: number, lanes: number): string =>
  lanes ? `subgroupBroadcast(r${Math.floor(n / lanes)}, ${n % lanes}u)` : `W[start + ${n}u]`;

/** Declares a sum for each pixel and channel: `c<pixel>_<channel>`. */
export const sumsOf = (channels: number): string =>
  range(STRETCH).flatMap((p) => range(channels).map((f) => `var c${p}_${f} = 0.0;`)).join(" ");

/**
 * Puts the sums into an array, in fours, pixel after pixel. What follows is then one copy of code in
 * a loop: written out, it takes most of the compiler's time.
 */
export function gatherOf(channels: number): string {
  const quads = channels / 4;
  const lines = range(STRETCH).flatMap((p) =>
    range(quads).map((g) =>
      `sums[${p * quads + g}] = vec4f(${range(4).map((e) => `c${p}_${4 * g + e}`).join(", ")});`
    )
  );
  return [`var sums: array<vec4f, ${STRETCH * quads}>;`, ...lines].join("\n  ");
}
