/** How {@linkcode closestString} compares. */
export interface ClosestStringOptions {
  caseSensitive?: boolean;
  compareFn?: (a: string, b: string) => number;
}

/** The word that is nearest to the given one, by Levenshtein's distance. */
export function closestString(
  givenWord: string,
  possibleWords: ReadonlyArray<string>,
  options?: ClosestStringOptions,
): string;
