/**
 * Whether a detector computed.
 *
 * @module
 */

/**
 * Sees that a network gave numbers: a lost device gives zeros or none.
 *
 * @param values What it gave.
 * @throws {RangeError} When one is none.
 */
export function checkNumbers(values: Float32Array): void {
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot detect faces: the detector gives ${wrong}`);
  }
}
