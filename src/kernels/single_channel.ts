/**
 * 3x3 convolution of stride 1 of images of one channel: a network's first layer. As a product its
 * depth is 9, so fetching would cost more than computing; here weights stay in registers.
 *
 *     forward          Y[(b,y,x), f] = sum over (i,j) of X[b, y - p + i, x - p + j] W[(i,j), f]
 *     filter gradient  dW[(i,j), f]  = sum over (b,y,x) of X[b, y - p + i, x - p + j] dY[(b,y,x), f]
 *
 * @module
 */
import { columnSumInto } from "./column_sum.ts";
import { type ConvolutionShape, sizesOf } from "./convolution.ts";
import { type Activation, epilogue } from "./epilogue.ts";
import { larger } from "./max_pool.ts";
import {
  borrow,
  type Bound,
  giveBack,
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

/** Pixels of a row that a thread computes. */
const STRETCH = 8;

/** Whether the programs of this file fit a convolution. */
export function singleChannelFits(s: ConvolutionShape): boolean {
  return s.inChannels === 1 && s.outChannels % 4 === 0 && s.filterHeight === 3 &&
    s.filterWidth === 3 && s.strideHeight === 1 && s.strideWidth === 1 &&
    s.dilationHeight === 1 && s.dilationWidth === 1;
}

/** WGSL: `fn pixel(b, y, x) -> f32`, zero outside of the image. */
const pixel = (s: ConvolutionShape) =>
  `fn pixel(b: u32, y: i32, x: i32) -> f32 {
  let inside = (y >= 0) & (y < ${s.inHeight}) & (x >= 0) & (x < ${s.inWidth});
  let at = select(0u, (b * ${s.inHeight}u + u32(y)) * ${s.inWidth}u + u32(x), inside);
  return select(0.0, X[at], inside);
}`;

/** Height and width of the output, which a 2x2 max pool halves. */
const heightAndWidth = (s: ConvolutionShape, pool: boolean): [height: number, width: number] =>
  pool ? [s.outHeight >> 1, s.outWidth >> 1] : [s.outHeight, s.outWidth];

/** Thread (image, row or pair of rows, stretch of them, four filters). */
function forwardProgram(
  s: ConvolutionShape,
  bias: boolean,
  activation: Activation,
  pool: boolean,
): Program {
  const F = s.outChannels / 4;
  const step = pool ? 2 : 1;
  const [height, width] = heightAndWidth(s, pool);
  const stretch = STRETCH / step;
  const stretches = Math.ceil(width / stretch);
  const bindings = [["X", "f32"], ["W", "vec4f"]] as [string, string][];
  if (bias) bindings.push(["bias", "f32"]);
  bindings.push(["Y", "vec4f"]);
  const lines = range(9).map((k) => `  let w${k} = W[${k * F}u + f];`);
  for (const i of range(2 + step)) {
    for (const j of range(STRETCH + 2)) {
      lines.push(`  let x${i}_${j} = pixel(b, top + ${i}, left + ${j});`);
    }
  }
  const sum = (i: number, j: number) =>
    range(9).map((k) => `x${i + Math.floor(k / 3)}_${j + k % 3} * w${k}`).join(" + ");
  for (const j of range(stretch)) {
    // What follows a pool's maximum never falls where it rises: once for a window is enough.
    if (pool) {
      range(4).forEach((q) => lines.push(`  let v${j}_${q} = ${sum(q >> 1, 2 * j + (q & 1))};`));
      lines.push(
        `  let above${j} = ${larger(`v${j}_0`, `v${j}_1`)};`,
        `  let below${j} = ${larger(`v${j}_2`, `v${j}_3`)};`,
      );
    }
    const value = pool ? larger(`above${j}`, `below${j}`) : sum(0, j);
    const store = `Y[at + ${j * F}u] = finish(${value}, f * 4u);`;
    lines.push(width % stretch ? `  if (x + ${j}u < ${width}u) { ${store} }` : `  ${store}`);
  }
  return {
    name: `single-channel convolution forward${pool ? ", then pool" : ""}`,
    code: `${storage(bindings)}
@group(0) @binding(${bindings.length}) var<uniform> d: vec4u; // threads
${epilogue(bias ? "bias" : null, `${s.outChannels}u`, activation)}
${pixel(s)}
${
      threadMain(`  if (id >= d.x) { return; }
  let f = id % ${F}u;
  let x = ((id / ${F}u) % ${stretches}u) * ${stretch}u;
  let row = id / ${F * stretches}u;
  let b = row / ${height}u;
  let top = i32(row % ${height}u) * ${step} - ${s.padTop};
  let left = i32(x) * ${step} - ${s.padLeft};
  let at = (row * ${width}u + x) * ${F}u + f;
${lines.join("\n")}`)
    }`,
  };
}

/** Thread (stretch of image rows, four filters). */
function filterGradientProgram(s: ConvolutionShape): Program {
  const F = s.outChannels / 4;
  const sums = range(9);
  return {
    name: "single-channel convolution filter gradient",
    code: `${storage([["X", "f32"], ["D", "vec4f"], ["G", "vec4f"]])}
@group(0) @binding(3) var<uniform> d: vec4u; // image rows, rows a stretch, stretches
${pixel(s)}
${
      threadMain(`  if (id >= d.z * ${F}u) { return; }
  let f = id % ${F}u;
  let first = (id / ${F}u) * d.y;
  let last = min(first + d.y, d.x);
${sums.map((k) => `  var g${k} = vec4f();`).join("\n")}
  for (var row = first; row < last; row++) {
    let b = row / ${s.outHeight}u;
    let top = i32(row % ${s.outHeight}u) - ${s.padTop};
${
        range(3).map((i) =>
          `    var p${i}_0 = pixel(b, top + ${i}, -${s.padLeft});
    var p${i}_1 = pixel(b, top + ${i}, 1 - ${s.padLeft});`
        ).join("\n")
      }
    for (var x = 0u; x < ${s.outWidth}u; x++) {
      let dy = D[(row * ${s.outWidth}u + x) * ${F}u + f];
${
        range(3).map((i) => `      let p${i}_2 = pixel(b, top + ${i}, i32(x) + 2 - ${s.padLeft});`)
          .join("\n")
      }
${sums.map((k) => `      g${k} += p${Math.floor(k / 3)}_${k % 3} * dy;`).join("\n")}
${range(3).map((i) => `      p${i}_0 = p${i}_1;\n      p${i}_1 = p${i}_2;`).join("\n")}
    }
  }
${sums.map((k) => `  G[((id / ${F}u) * 9u + ${k}u) * ${F}u + f] = g${k};`).join("\n")}`)
    }`,
  };
}

/**
 * Y = X * W + bias, through an activation, and then through a 2x2 max pool if wanted; arguments and
 * shapes as for the direct convolution.
 */
export function convolveSingle(
  backend: GpuBackend,
  x: KernelTensor,
  filter: Bound,
  s: ConvolutionShape,
  bias: Bound | null = null,
  activation: Activation = "linear",
  pool = false,
): KernelTensor {
  const batch = x.shape[0];
  const [height, width] = heightAndWidth(s, pool);
  const y = output(backend, [batch, height, width, s.outChannels]);
  const stretches = Math.ceil(width / (pool ? STRETCH / 2 : STRETCH));
  const count = batch * height * stretches * (s.outChannels / 4);
  run(
    backend,
    programOf(forwardProgram, sizesOf(s), !!bias, activation, pool),
    bias ? [x, filter, bias, y] : [x, filter, y],
    threads(count),
    new Uint32Array([count, 0, 0, 0]),
  );
  return y;
}

/** The gradient in the filter; arguments and shapes as for the direct convolution. */
export function convolveSingleFilterGradient(
  backend: GpuBackend,
  x: KernelTensor,
  dy: KernelTensor,
  s: ConvolutionShape,
): KernelTensor {
  const rows = x.shape[0] * s.outHeight;
  const size = 9 * s.outChannels;
  const length = Math.max(4, Math.ceil(rows * s.outChannels / 4 / 4096));
  const stretches = Math.ceil(rows / length);
  const dw = output(backend, [3, 3, 1, s.outChannels]);
  const partial = borrow(backend, stretches * size);
  run(
    backend,
    programOf(filterGradientProgram, sizesOf(s)),
    [x, dy, partial],
    threads(stretches * s.outChannels / 4),
    new Uint32Array([rows, length, stretches, 0]),
  );
  columnSumInto(backend, partial, dw, stretches, size);
  giveBack(backend, partial);
  return dw;
}
