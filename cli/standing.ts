/**
 * Where the user stands. `deno task` runs tasks in the project's folder and tells in `INIT_CWD` where
 * the command was given; the paths of a command line are meant from there.
 *
 * @module
 */

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname)
  .replace(/^\/(?=[a-z]:)/i, "").replace(/\/$/, "");

function isReadable(variable: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted";
}

/** The folder that the command was given in; null where it is the one that the task runs in. */
function findStanding(): string | null {
  try {
    const given = isReadable("INIT_CWD") ? Deno.env.get("INIT_CWD") : undefined;
    // Tests and tools are about the project, and a program that is run by itself is where it is.
    if (!Deno.mainModule.startsWith(new URL(".", import.meta.url).href)) return null;
    const isTask = Deno.realPathSync(Deno.cwd()) === Deno.realPathSync(ROOT);
    if (!given || !isTask || Deno.realPathSync(given) === Deno.realPathSync(ROOT)) return null;
    return given;
  } catch {
    return null;
  }
}

const standing = findStanding();

/** The project's folder, before a path in it; empty where the user stands in the project's folder. */
export const PROJECT: string = standing === null ? "" : `${ROOT}/`;

/** Goes where the user stands, so that paths are meant as they were written. */
export function standWithUser(): void {
  if (standing !== null) Deno.chdir(standing);
}

const isRelative = (path: string): boolean => !/^(?:[/\\]|[a-z]:[/\\]|[a-z][a-z+.-]+:)/i.test(path);

/**
 * A path as it is written down for later tasks, which may be given elsewhere: of one that stands
 * outside the project's folder the whole.
 *
 * @param path What the user wrote, or null.
 */
export function recordedPath<Path extends string | null>(path: Path): Path | string {
  return path !== null && standing !== null && isRelative(path) ? `${standing}/${path}` : path;
}

/**
 * A path that was written down, from where the user stands.
 *
 * @param path What was written down, meant from the project's folder; or null.
 */
export function placeOf<Path extends string | null>(path: Path): Path | string {
  return path !== null && isRelative(path) ? `${PROJECT}${path}` : path;
}
