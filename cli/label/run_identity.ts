/**
 * What rows of one file have to have in common.
 *
 * @module
 */

/** What a file of rows was made with. All values are JSON. */
export interface RunIdentity {
  /** The library's version. */
  readonly version: string;
  /** The model: its name, for people, and the SHA-256 of its weights and description. */
  readonly model: { readonly name: string; readonly sha256: string };
  /** Settings that change rows, by their flags' names. */
  readonly flags: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * How two runs differ, in a way that their rows do not belong in one file.
 *
 * @param then What the file was made with.
 * @param now What is asked for.
 * @returns For instance `it was made with --max-faces 20, this is --max-faces 5`; null when they
 * agree.
 */
export function differenceOf(then: RunIdentity, now: RunIdentity): string | null {
  const say = (before: string, after: string) => `it was made with ${before}, this is ${after}`;
  if (then.version !== now.version) return say(`version ${then.version}`, now.version);
  if (then.model.sha256 !== now.model.sha256) {
    const short = ({ name, sha256 }: RunIdentity["model"]) => `${name} (${sha256.slice(0, 12)})`;
    return say(`model ${short(then.model)}`, short(now.model));
  }
  for (const name of new Set([...Object.keys(then.flags), ...Object.keys(now.flags)])) {
    const [before, after] = [then.flags[name] ?? null, now.flags[name] ?? null];
    if (before !== after) return say(flagText(name, before), flagText(name, after));
  }
  return null;
}

function flagText(name: string, value: string | number | boolean | null): string {
  if (value === null || value === false) return `no --${name}`;
  return value === true ? `--${name}` : `--${name} ${value}`;
}

/**
 * Reads what a file was made with.
 *
 * @param text JSON.
 * @returns What it says; undefined when it is not that.
 */
export function parseIdentity(text: string): RunIdentity | undefined {
  try {
    const { version, model, flags } = JSON.parse(text);
    const isIdentity = typeof version === "string" && typeof model?.sha256 === "string" &&
      typeof flags === "object" && flags !== null;
    return isIdentity ? { version, model, flags } : undefined;
  } catch {
    return undefined;
  }
}
