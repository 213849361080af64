/**
 * What people call the splits of a data set.
 *
 * @module
 */
import { alikeKey } from "./alike.ts";
import type { Usage } from "./dataset.ts";

/** The splits, by what they are called. */
const SPLITS: ReadonlyMap<string, Usage> = new Map<string, Usage>([
  ["train", "Training"],
  ["training", "Training"],
  ["val", "PublicTest"],
  ["valid", "PublicTest"],
  ["validation", "PublicTest"],
  ["dev", "PublicTest"],
  ["publictest", "PublicTest"],
  ["test", "PrivateTest"],
  ["testing", "PrivateTest"],
  ["privatetest", "PrivateTest"],
]);

/**
 * The split that goes by a name.
 *
 * @param name For instance `train`, in any case.
 * @returns The split; `undefined` where the name is none of a split.
 */
export function usageOf(name: string): Usage | undefined {
  return SPLITS.get(alikeKey(name));
}

/** The splits that a name has words of, for instance `train` of `train-00000-of-00001`. */
function usagesIn(name: string): Usage[] {
  const words = name.toLowerCase()
    .replace(/(public|private)[^a-z0-9]+test/g, "$1test")
    .split(/[^a-z]+/);
  const found = words.map(usageOf).filter((usage) => usage !== undefined);
  return [...new Set(found)];
}

/**
 * The split that a file belongs to by its path: by its own name, else by the folders that it is in.
 *
 * @param path For instance `data/train-00000-of-00001.parquet`.
 * @returns The split; `undefined` where the path names none.
 * @throws {RangeError} When a name names several.
 */
export function usageOfPath(path: string): Usage | undefined {
  for (const name of path.split(/[/\\]/).reverse()) {
    const [usage, other] = usagesIn(name.replace(/\.[^.]*$/, ""));
    if (other !== undefined) {
      throw new RangeError(`Cannot tell which split ${path} is: ${usage} or ${other}`);
    }
    if (usage !== undefined) return usage;
  }
  return undefined;
}
