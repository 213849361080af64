/**
 * Who takes part, and how each is started.
 *
 * @module
 */
import type { CommandLine } from "../peers/process.ts";
import type { Backend } from "./contestant.ts";

/** How the network that the library carries is named. */
export const PACKAGED = "packaged";

/** The networks of others. */
export const PEERS = { "human": "human.ts", "face-api": "face_api.ts" } as const;

/** One that takes part. */
export interface Entrant {
  /** For people: `packaged`, a file, `human`, `face-api`. */
  readonly name: string;
  /** Whether it is a network of this library. */
  readonly isOurs: boolean;
  /** Whether it sees each image in several ways. */
  readonly tta: boolean;
  /** What computes, in the order of preference: the first gives the probabilities. */
  readonly backends: readonly Backend[];
  /**
   * The process.
   *
   * @param folder Where the images are.
   * @param backend What computes.
   * @param output The file for the probabilities.
   */
  command(folder: string, backend: Backend, output: string): CommandLine;
}

function commandOf(file: string, args: readonly string[], rest: readonly string[]): CommandLine {
  const path = new URL(`./${file}`, import.meta.url).pathname;
  const permissions = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env"];
  return [Deno.execPath(), "run", "--quiet", ...permissions, path, ...args, ...rest];
}

/**
 * Everyone who takes part.
 *
 * @param models Files of this library's networks, beside the packaged one.
 * @param peers Names of the others.
 * @returns Ours first, each without and with test-time augmentation.
 */
export function entrantsOf(
  models: readonly string[],
  peers: readonly (keyof typeof PEERS)[],
): Entrant[] {
  const ours = [PACKAGED, ...models].flatMap((name) =>
    [false, true].map((tta): Entrant => ({
      name,
      isOurs: true,
      tta,
      backends: ["webgpu", "wasm"],
      command: (...args) => commandOf("ours.ts", args, [name, tta ? "tta" : "plain"]),
    }))
  );
  const others = peers.map((name): Entrant => ({
    name,
    isOurs: false,
    tta: false,
    backends: ["wasm", "webgpu"],
    command: (...args) => commandOf(PEERS[name], args, []),
  }));
  return [...ours, ...others];
}
