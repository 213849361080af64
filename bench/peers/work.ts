/**
 * The work that all peers do.
 *
 * @module
 */

/** A product that a peer computes by itself. */
export interface Product {
  /** For people. */
  readonly name: string;
  /** A 3x3 convolution with a stride of 1 and the size kept, one of its gradients, or a product. */
  readonly kind: "forward" | "inputGradient" | "filterGradient" | "matMul";
  /** Images; 1 for `matMul`. */
  readonly batch: number;
  /** Height and width of the images; of both matrices for `matMul`. */
  readonly size: number;
  /** Channels of the images. */
  readonly channels: number;
  /** Channels of the result. */
  readonly filters: number;
  /** Billions of multiplications and additions, counted as a direct product needs them. */
  readonly gflop: number;
}

/** All that is measured, as data: the peers read it from a file. */
export interface Work {
  /** Images of the training step and of the larger forward pass. */
  readonly batch: number;
  /** Options of `buildFerCnn()`. */
  readonly network: {
    readonly filters: readonly number[];
    readonly hidden: number;
    readonly size: number;
    readonly dropout2d: number;
    readonly dropout: number;
    readonly seed: number;
  };
  /** How many classes the network tells apart. */
  readonly classes: number;
  /** The products. */
  readonly products: readonly Product[];
}

/** The name under which a peer is asked for a product. */
export const productJob = (product: Pick<Product, "name">): string => `product ${product.name}`;

const WORDS = {
  forward: "forward",
  inputGradient: "input gradient",
  filterGradient: "filter gradient",
} as const;

function convolution(
  kind: keyof typeof WORDS,
  batch: number,
  size: number,
  channels: number,
  filters: number,
): Product {
  return {
    name: `3x3 ${channels}->${filters} at ${size}x${size}, ${WORDS[kind]}`,
    kind,
    batch,
    size,
    channels,
    filters,
    gflop: 2 * batch * size ** 2 * 9 * channels * filters / 1e9,
  };
}

function matMul(size: number): Product {
  return {
    name: `matMul ${size}`,
    kind: "matMul",
    batch: 1,
    size,
    channels: size,
    filters: size,
    gflop: 2 * size ** 3 / 1e9,
  };
}

function workOf(batch: number, filters: readonly number[], hidden: number, square: number): Work {
  const size = 48;
  const [first, ...rest] = filters;
  const products = rest.flatMap((count, i) => {
    const kinds = ["forward", "inputGradient", "filterGradient"] as const;
    return kinds.map((kind) => convolution(kind, batch, size / 2 ** (i + 1), filters[i], count));
  });
  return {
    batch,
    network: { filters, hidden, size, dropout2d: 0.25, dropout: 0.5, seed: 42 },
    classes: 7,
    products: [...products, convolution("forward", batch, size, 1, first), matMul(square)],
  };
}

/** The recipe's network and batch. */
export const RECIPE_WORK: Work = workOf(64, [64, 128, 256], 512, 1024);

/** A small network and batch: to see that everything runs. Its times say nothing. */
export const QUICK_WORK: Work = workOf(4, [4, 8, 8], 16, 64);
