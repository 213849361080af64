/**
 * Convolutions of one picture with few channels, dense or depthwise, for networks with many small
 * layers of all kinds: one program each, whatever the sizes, strides and distances between taps, so
 * that two are compiled in place of dozens.
 *
 *     Y[y, x, f] = a(bias[f] + sum over (i,j,c) of X[y s - p + i d, x s - p + j d, c] W[i, j, c, f])
 *
 * with zeros outside of the picture; depthwise has c = f. Channels are in fours. A thread computes
 * four neighbours of a row and four channels.
 *
 * @module
 */
import {
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";
import { range } from "./range.ts";

/** Neighbours that a thread computes. */
const STRETCH = 4;

/** How a convolution is done. */
export interface SmallConvolution {
  /** Pixels from one output to the next. */
  readonly stride: 1 | 2;
  /** Pixels from one tap to the next; the taps of a row are as many as the filter is wide. */
  readonly dilation: number;
  /** Zeros before the first pixel, and behind the last. */
  readonly pad: number;
  /** Whether what is below zero becomes zero. */
  readonly relu: boolean;
}

function convolutionProgram(depthwise: boolean): Program {
  const loads = range(STRETCH).map((p) =>
    `let x${p} = select(vec4f(), X[row + select(0u, u32(at${p}), is${p}) * s.a.w + c], is${p});`
  );
  const products = depthwise
    ? [
      "let w0 = W[tap * s.a.w + q];",
      ...range(STRETCH).map((p) => `v${p} += x${p} * w0;`),
    ]
    : [
      ...range(4).map((k) => `let w${k} = W[(tap * s.a.w * 4u + c * 4u + ${k}u) * s.b.z + q];`),
      ...range(STRETCH).map((p) =>
        `v${p} += ${range(4).map((k) => `x${p}.${"xyzw"[k]} * w${k}`).join(" + ")};`
      ),
    ];
  return {
    name: depthwise ? "small depthwise convolution" : "small convolution",
    code: `${storage([["X", "vec4f"], ["W", "vec4f"], ["B", "vec4f"], ["Y", "vec4f"]])}
// threads, input height, width and fours of channels; output height, width and fours, taps of a row;
// stride, dilation, padding, whether a ReLU follows
struct Sizes { a: vec4u, b: vec4u, c: vec4u }
@group(0) @binding(4) var<uniform> s: Sizes;
${
      threadMain(`  let thread = min(id, s.a.x - 1u);
  let q = thread % s.b.z;
  let across = (s.b.y + ${STRETCH - 1}u) / ${STRETCH}u;
  let x = (thread / s.b.z) % across * ${STRETCH}u;
  let y = thread / (s.b.z * across);
  ${range(STRETCH).map((p) => `var v${p} = B[q];`).join(" ")}
  for (var i = 0u; i < s.b.w; i++) {
    let v = i32(y * s.c.x + i * s.c.y) - i32(s.c.z);
    if (v < 0 || v >= i32(s.a.y)) { continue; }
    let row = u32(v) * s.a.z * s.a.w;
    for (var j = 0u; j < s.b.w; j++) {
      let tap = i * s.b.w + j;
      ${
        range(STRETCH).map((p) =>
          `let at${p} = i32((x + ${p}u) * s.c.x + j * s.c.y) - i32(s.c.z);
      let is${p} = at${p} >= 0 && at${p} < i32(s.a.z);`
        ).join("\n      ")
      }
      ${depthwise ? "let c = q;\n      {" : "for (var c = 0u; c < s.a.w; c++) {"}
        ${[...loads, ...products].join("\n        ")}
      }
    }
  }
  let to = (y * s.b.y + x) * s.b.z + q;
  ${
        range(STRETCH).map((p) =>
          `if (id < s.a.x && x + ${p}u < s.b.y) {
    Y[to + ${p}u * s.b.z] = select(v${p}, max(v${p}, vec4f()), s.c.w == 1u);
  }`
        ).join("\n  ")
      }`)
    }`,
  };
}

/** Whether the program fits a convolution. */
export function smallConvolutionFits(
  [batch, , , channels]: readonly number[],
  filters: number,
): boolean {
  return batch === 1 && channels % 4 === 0 && filters % 4 === 0;
}

/**
 * Computes a convolution.
 *
 * @param backend tfjs's backend.
 * @param x `[1, height, width, channels]`, float32; `smallConvolutionFits()` holds.
 * @param filter `[taps, taps, channels, filters]`, or depthwise `[taps, taps, channels, 1]`.
 * @param bias `[filters]`.
 * @param how Stride, dilation, padding, activation.
 * @param depthwise Whether each channel has a filter of its own.
 * @returns `[1, outHeight, outWidth, filters]`.
 */
export function convolveSmall(
  backend: GpuBackend,
  x: KernelTensor,
  filter: KernelTensor,
  bias: KernelTensor,
  { stride, dilation, pad, relu }: SmallConvolution,
  depthwise: boolean,
): KernelTensor {
  const [, height, width, channels] = x.shape;
  const [taps] = filter.shape;
  const [filters] = bias.shape;
  const after = (edge: number): number =>
    Math.floor((edge + 2 * pad - dilation * (taps - 1) - 1) / stride) + 1;
  const [outHeight, outWidth] = [after(height), after(width)];
  const y = output(backend, [1, outHeight, outWidth, filters]);
  const count = outHeight * Math.ceil(outWidth / STRETCH) * filters / 4;
  run(
    backend,
    programOf(convolutionProgram, depthwise),
    [x, filter, bias, y],
    threads(count),
    new Uint32Array([
      ...[count, height, width, channels / 4],
      ...[outHeight, outWidth, filters / 4, taps],
      ...[stride, dilation, pad, relu ? 1 : 0],
    ]),
  );
  return y;
}
