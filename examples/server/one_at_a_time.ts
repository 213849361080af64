/**
 * Turns: who wants the GPU gets it once the one before is done.
 *
 * @module
 */

/** Runs work in its turn, and gives what it gives. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Makes a queue of work.
 *
 * @returns What runs work one after the other; work that fails ends its own turn only.
 */
export function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}
