/**
 * Maps of one number a place, at another size.
 *
 * @module
 */

/** Between which two samples each output sample lies, and how near to the second. */
function places(input: number, output: number): { at: number; next: number; share: number }[] {
  return Array.from({ length: output }, (_, i) => {
    const from = Math.min(Math.max((i + 0.5) * input / output - 0.5, 0), input - 1);
    const at = Math.floor(from);
    return { at, next: Math.min(at + 1, input - 1), share: from - at };
  });
}

/**
 * Resizes a map bilinearly, as PyTorch's `interpolate` with `align_corners=False`: samples stand in
 * the middle of their places, and beyond the outermost nothing changes.
 *
 * @param values The map, `[height, width]`.
 * @param height Its rows.
 * @param width Values in a row.
 * @param outHeight Rows that come out.
 * @param outWidth Values in a row that come out.
 * @returns `[outHeight, outWidth]`.
 */
export function resizeMap(
  values: ArrayLike<number>,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
): Float32Array {
  const out = new Float32Array(outHeight * outWidth);
  const columns = places(width, outWidth);
  places(height, outHeight).forEach((row, y) => {
    const [upper, lower] = [row.at * width, row.next * width];
    columns.forEach(({ at, next, share }, x) => {
      const above = values[upper + at] * (1 - share) + values[upper + next] * share;
      const below = values[lower + at] * (1 - share) + values[lower + next] * share;
      out[y * outWidth + x] = above * (1 - row.share) + below * row.share;
    });
  });
  return out;
}
