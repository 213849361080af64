/**
 * Which colour stands for which expression.
 *
 * @module
 */

/** Those that the style sheet has colours for. */
const KNOWN = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];

/**
 * The colour of an expression; a network's other classes take turns.
 *
 * @param label The expression.
 * @param index Its place among the classes.
 * @returns For a style sheet.
 */
export function toneOf(label: string, index: number): string {
  const known = KNOWN.indexOf(label);
  return `var(--tone-${known >= 0 ? known : index % KNOWN.length})`;
}
