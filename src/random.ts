/**
 * The one source of randomness: seeded, saved and restored, split into independent streams.
 *
 * @module
 */

/** Finalizer of MurmurHash3: spreads the bits of a 32-bit word. */
function mix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/**
 * A seeded generator of pseudo-random numbers (sfc32 of PractRand, 128 bits of state).
 *
 * Like `torch.Generator`, it is passed to whatever draws. `stream()` derives generators that depend
 * only on the seed and its keys, so that what is drawn for image 17 of epoch 3 is the same whoever
 * draws it and in whatever order.
 *
 * @example Draw, save, go on, repeat
 * ```ts
 * import { Generator } from "@fer/core";
 *
 * const generator = new Generator(42);
 * const saved = generator.getState();
 * const first = generator.random();
 * generator.setState(saved);
 * console.assert(generator.random() === first);
 * ```
 */
export class Generator {
  readonly #state: Uint32Array = new Uint32Array(4);

  /**
   * Makes a generator at the start of its stream.
   *
   * @param seed An integer from 0 to 2^53 - 1.
   * @param keys Integers that pick an independent stream of that seed: an epoch, an index.
   * @throws {RangeError} When the seed or a key is not such an integer.
   */
  constructor(seed: number, ...keys: readonly number[]) {
    const state = this.#state;
    let hash = 0x9e3779b9;
    let lane = 0;
    for (let at = -1; at < keys.length; at++) {
      const value = at < 0 ? seed : keys[at];
      if (!Number.isSafeInteger(value) || value < 0) {
        throw new RangeError(
          `Cannot seed a generator with ${value}: expected an integer from 0 to 2^53 - 1`,
        );
      }
      for (const word of [value >>> 0, Math.floor(value / 2 ** 32)]) {
        hash = mix(hash ^ word) + 0x9e3779b9 >>> 0;
        state[lane & 3] = mix(state[lane & 3] ^ hash);
        lane++;
      }
    }
    for (let i = 0; i < 4; i++) {
      hash = mix(hash + i);
      state[i] ^= hash;
    }
    state[3] |= 1;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** The next 32 random bits, as an integer from 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state;
    const out = (s[0] + s[1] + s[3]) >>> 0;
    s[3] = s[3] + 1;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + out;
    return out;
  }

  /** A number in [0, 1), with 53 random bits. */
  random(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  /**
   * A number in [low, high).
   *
   * @param low The smallest value.
   * @param high The value that is never reached.
   */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /**
   * An integer from 0 to `below - 1`, each equally likely.
   *
   * @param below An integer from 1 to 2^32.
   * @throws {RangeError} When `below` is not such an integer.
   */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
      throw new RangeError(`Cannot draw an integer below ${below}: expected 1 to 2^32`);
    }
    const limit = 2 ** 32 - 2 ** 32 % below;
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % below;
  }

  /** A number from the standard normal distribution (Box and Muller, 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return radius * Math.cos(2 * Math.PI * this.random());
  }

  /**
   * A number from the Gamma distribution of scale 1 (Marsaglia and Tsang, 2000).
   *
   * @param shape The shape, above 0.
   */
  gamma(shape: number): number {
    if (!(shape > 0)) throw new RangeError(`Cannot draw from Gamma(${shape}): expected above 0`);
    if (shape < 1) return this.gamma(shape + 1) * Math.pow(1 - this.random(), 1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    while (true) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.random()) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /**
   * A number in [0, 1] from the Beta distribution.
   *
   * @param a The first shape, above 0.
   * @param b The second shape, above 0.
   */
  beta(a: number, b: number): number {
    const x = this.gamma(a);
    const y = this.gamma(b);
    return x + y > 0 ? x / (x + y) : 0.5;
  }

  /**
   * Shuffles an array in place (Fisher and Yates) and returns it.
   *
   * @param items What to shuffle.
   */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }

  /** The state, as four 32-bit integers that JSON can hold. */
  getState(): number[] {
    return [...this.#state];
  }

  /**
   * Goes back to a state that `getState()` gave.
   *
   * @param state Four 32-bit integers.
   * @throws {RangeError} When it is anything else.
   */
  setState(state: readonly number[]): void {
    if (state.length !== 4 || state.some((word) => word !== word >>> 0)) {
      throw new RangeError(`Cannot set a generator to [${state}]: expected four 32-bit integers`);
    }
    this.#state.set(state);
  }
}
