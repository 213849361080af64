/**
 * Patterns that name files.
 *
 * @module
 */
import { globToRegExp } from "@std/path/posix/glob-to-regexp";

/** A pattern, and where to look for what it names. */
export interface Glob {
  /** The folder that all of it is in, as the pattern writes it; empty for the working folder. */
  readonly base: string;
  /** How many folders below that its files can be. */
  readonly depth: number;
  /** Whether it names a path. */
  matches(path: string): boolean;
}

const SPECIAL = /[*?[\]{}]|[!+@]\(/;

/**
 * Whether a text has anything that makes it a pattern.
 *
 * @param text For instance `photos/*.jpg`.
 */
export function isGlob(text: string): boolean {
  return SPECIAL.test(text);
}

/**
 * Reads a pattern as bash does with `extglob` and `globstar`.
 *
 * @param pattern For instance `photos/[0-9]*.{jpg,png}`.
 * @returns The pattern.
 */
export function parseGlob(pattern: string): Glob {
  const segments = pattern.split("/");
  const fixed = segments.findIndex(isGlob);
  // An absolute pattern's first segment is empty.
  const base = segments.slice(0, fixed).join("/") || (pattern.startsWith("/") ? "/" : "");
  const depth = segments.includes("**") ? Infinity : segments.length - fixed - 1;
  const expression = globToRegExp(pattern, { extended: true, globstar: true });
  return { base, depth, matches: (path) => expression.test(path) };
}
