/**
 * Paths of files.
 *
 * @module
 */

/** The path that a `file:` URL names; a path stays as it is. */
export function toPath(location: string | URL): string {
  if (typeof location === "string" && !/^file:/i.test(location)) return location;
  // On Windows a drive follows the first slash.
  return decodeURIComponent(new URL(location).pathname).replace(/^\/(?=[a-z]:)/i, "");
}
