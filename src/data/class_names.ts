/**
 * What people call classes.
 *
 * @module
 */
import { type Emotion, EMOTIONS } from "../emotions.ts";
import { alikeKey, visibleName } from "./alike.ts";

/** What else the seven classes are called. */
const SYNONYMS: ReadonlyMap<string, Emotion> = new Map<string, Emotion>([
  ["anger", "angry"],
  ["disgusted", "disgust"],
  ["fearful", "fear"],
  ["afraid", "fear"],
  ["scared", "fear"],
  ["happiness", "happy"],
  ["joy", "happy"],
  ["sadness", "sad"],
  ["surprised", "surprise"],
]);

/**
 * The seven in their order if there are no others, else all in alphabetical order. Names that look
 * alike are one class, by the first of them.
 *
 * @param names Names as {@linkcode classNameOf} gives them.
 */
export function orderClasses(names: readonly string[]): readonly string[] {
  const isEmotion = (name: string): boolean => (EMOTIONS as readonly string[]).includes(name);
  if (names.every(isEmotion)) return EMOTIONS;
  const byKey = new Map<string, string>();
  for (const name of names) {
    const key = alikeKey(name);
    if (!byKey.has(key)) byKey.set(key, name);
  }
  return [...byKey.values()].sort();
}

/**
 * The class that is meant by a name.
 *
 * @param name What a folder or a file calls it.
 * @returns One of the seven where it is one of them by any of its names, else the name as it looks.
 */
export function classNameOf(name: string): string {
  const key = alikeKey(name);
  return EMOTIONS.find((emotion) => emotion === key) ?? SYNONYMS.get(key) ?? visibleName(name);
}
