/**
 * Which programs compute a convolution's forward product.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { ProductSize } from "./candidates.ts";
import type { ConvolutionShape } from "./convolution.ts";
import type { ProductCandidate } from "./product.ts";
import type { GpuBackend } from "./program.ts";
import { singleChannelFits } from "./single_channel.ts";
import { winogradFits } from "./winograd.ts";
import type { WinogradTile } from "./winograd_programs.ts";

/** The programs, and how they cut their product up. */
export type ConvolutionPlan =
  | { readonly algorithm: "single channel" }
  | {
    readonly algorithm: "winograd";
    readonly tile: WinogradTile;
    readonly candidate: ProductCandidate;
  }
  | { readonly algorithm: "direct"; readonly candidate: ProductCandidate };

/** Plans a convolution of so many images. */
export type ConvolutionPlanner = (
  backend: GpuBackend,
  shape: ConvolutionShape,
  batch: number,
) => ConvolutionPlan;

/** What tfjs says of a convolution besides its tensors. */
export interface ConvolutionAttributes {
  /** Rows and columns from one output to the next. */
  readonly strides: number | [number, number];
  /** `same`, `valid`, or how many zeros. */
  readonly pad: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
  /** Rows and columns from one weight to the next; 1 when left out. */
  readonly dilations?: number | [number, number];
  /** How a size that does not come out even is rounded. */
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  /** The order of axes: `NHWC` when left out. */
  readonly dataFormat?: string;
}

/**
 * The sizes of a convolution.
 *
 * @param xShape `[batch, height, width, channels]`.
 * @param filterShape `[height, width, channels, filters]`.
 * @param attributes Strides, padding, dilation.
 * @returns null where the programs do not fit: for another order of axes, and for grouped
 * convolutions.
 */
export function convolutionShape(
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations, dimRoundingMode, dataFormat }: ConvolutionAttributes,
): ConvolutionShape | null {
  if ((dataFormat ?? "NHWC") !== "NHWC") return null;
  const info = tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
  );
  if (filterShape[2] !== info.inChannels) return null;
  return { ...info, padTop: info.padInfo.top, padLeft: info.padInfo.left };
}

/** Tiles from which a transformed filter, up to four times as large, is worth fetching. */
const LEAST_TILES = 8;

/** Whether transforming costs less than it saves: not for a few channels or a few pixels. */
export function winogradPays(s: ConvolutionShape, tile: WinogradTile | 0): tile is WinogradTile {
  return tile > 0 && winogradFits(s) && s.inChannels >= 16 && s.outChannels >= 16 &&
    s.outHeight >= tile && s.outWidth >= tile;
}

/**
 * A planner.
 *
 * @param tile Outputs of a Winograd tile along each axis; 0 for direct products alone.
 * @param choose Which candidate computes a product.
 */
export function convolutionPlanner(
  tile: WinogradTile | 0,
  choose: (backend: GpuBackend, size: ProductSize) => ProductCandidate,
): ConvolutionPlanner {
  const plain = { transposeA: false, transposeB: false };
  return (backend, s, batch) => {
    if (singleChannelFits(s)) return { algorithm: "single channel" };
    const tiles = batch * Math.ceil(s.outHeight / tile) * Math.ceil(s.outWidth / tile);
    if (winogradPays(s, tile) && tiles >= LEAST_TILES) {
      const candidate = choose(backend, {
        rows: tiles,
        columns: s.outChannels,
        depth: s.inChannels,
        batch: (tile + 2) ** 2,
        ...plain,
      });
      return { algorithm: "winograd", tile, candidate };
    }
    const candidate = choose(backend, {
      rows: batch * s.outHeight * s.outWidth,
      columns: s.outChannels,
      depth: s.filterHeight * s.filterWidth * s.inChannels,
      batch: 1,
      ...plain,
    });
    return { algorithm: "direct", candidate };
  };
}
