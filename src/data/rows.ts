/**
 * Rows of tables that go with images.
 *
 * @module
 */

/**
 * Rows of a table, copied, in the order asked for.
 *
 * @param table Rows of `width` numbers.
 * @param width Numbers a row.
 * @param indices Which rows.
 */
export function rowsAt<T extends Float32Array | Uint16Array>(
  table: T,
  width: number,
  indices: ArrayLike<number>,
): T {
  const rows = new (table.constructor as new (length: number) => T)(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    rows.set(table.subarray(indices[i] * width, (indices[i] + 1) * width), i * width);
  }
  return rows;
}
