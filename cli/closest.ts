/**
 * The word that somebody may have meant.
 *
 * @module
 */

/** Insertions, deletions and substitutions between two words (Levenshtein, 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1] + Number(a[i - 1] !== b[j - 1]);
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, substituted);
    }
    row = next;
  }
  return row[b.length];
}

/**
 * The nearest of a few words.
 *
 * @param word What was written.
 * @param words What could have been meant, at least one.
 * @returns The first of those with the fewest edits between them and the word.
 */
export function closest(word: string, words: readonly string[]): string {
  const distances = words.map((each) => distance(word, each));
  return words[distances.indexOf(Math.min(...distances))];
}
