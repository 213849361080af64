/**
 * Small numbers for faces.
 *
 * @module
 */
import type { TrackedFace } from "../../../mod.ts";

/**
 * Calls faces 1, 2, 3: who comes takes the smallest number that is free. So whoever looks away for a
 * moment has the same number afterwards, and the only face is face 1.
 */
export class Numbering {
  #numbers = new Map<number, number>();

  /**
   * Numbers a frame's faces.
   *
   * @param faces The faces, as the tracker calls them.
   * @returns The same faces with small numbers.
   */
  apply(faces: readonly TrackedFace[]): TrackedFace[] {
    const kept = faces.flatMap(({ id }): [number, number][] => {
      const number = this.#numbers.get(id);
      return number === undefined ? [] : [[id, number]];
    });
    const numbers = new Map(kept);
    const taken = new Set(numbers.values());
    let free = 1;
    for (const { id } of faces) {
      if (numbers.has(id)) continue;
      while (taken.has(free)) free++;
      numbers.set(id, free);
      taken.add(free);
    }
    this.#numbers = numbers;
    return faces.map((face) => ({ ...face, id: numbers.get(face.id) ?? face.id }));
  }
}
