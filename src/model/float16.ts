/**
 * 16-bit floating point, to and from the 32 bits that JavaScript computes with.
 *
 * `F16` is IEEE 754's binary16 (5 bits of exponent, 10 of fraction); `BF16` is the upper half of a
 * binary32 (8 and 7). Rounding is to the nearest, ties to even, as in PyTorch.
 *
 * @module
 */

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** The bits of a number as binary16. */
function toHalf(value: number): number {
  FLOAT[0] = value;
  const bits = BITS[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 | (fraction >>> 13) : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  // Below 2^-14 the leading 1 becomes explicit and moves right.
  const shift = exponent > 0 ? 13 : 14 - exponent;
  const whole = exponent > 0 ? (exponent << 23) | fraction : fraction | 0x800000;
  const half = whole >>> shift;
  const rest = whole & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  // A carry out of the fraction is the next exponent's smallest number, and at the top infinity.
  return sign | (half + (rest > middle || (rest === middle && (half & 1)) ? 1 : 0));
}

/**
 * Widens binary16 to binary32, exactly.
 *
 * @param halves The bits of each number.
 */
export function fromFloat16(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i];
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    const sign = (half & 0x8000) << 16;
    if (exponent === 0) {
      out[i] = fraction * 2 ** -24;
      bits[i] |= sign;
    } else {
      bits[i] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
    }
  }
  return out;
}

/**
 * Rounds to binary16.
 *
 * @param values The numbers; from 65,520 on they become infinite.
 * @returns The bits of each number.
 */
export function toFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toHalf);
}

/**
 * Widens bfloat16 to binary32, exactly.
 *
 * @param halves The bits of each number.
 */
export function fromBFloat16(halves: Uint16Array): Float32Array {
  const bits = Uint32Array.from(halves, (half) => (half << 16) >>> 0);
  return new Float32Array(bits.buffer);
}

/**
 * Rounds to bfloat16.
 *
 * @param values The numbers.
 * @returns The bits of each number.
 */
export function toBFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => {
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    // Rounding a NaN up could carry it to infinity.
    if (isNaN) return (word >>> 16) | 0x40;
    return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
}
