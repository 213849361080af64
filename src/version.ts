/**
 * The library's version, as every file that it writes names it.
 *
 * @module
 */

/** The version in `deno.json`. */
export const VERSION = "0.1.0";
