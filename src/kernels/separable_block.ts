/**
 * A residual block of a depthwise 3x3 convolution and a pointwise one, in one program:
 *
 *     Y[b, y, x, f] = relu(X'[b, y, x, f] + q[f] + sum over c of P[c, f] (d[c] + sum over (i,j) of
 *                     X[b, y s - p + i, x s - p + j, c] D[i, j, c]))
 *
 * X' is X, after 2x2 max pooling where the stride s is 2, with zeros for the channels that it lacks.
 * Padding is TensorFlow's `SAME`.
 *
 * A thread computes four neighbours of a row and a chunk of channels; weights go round as in
 * `shared_weights.ts`.
 *
 * @module
 */
import {
  type Bound,
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
} from "./program.ts";
import { range } from "./range.ts";
import {
  fetchesOf,
  gatherOf,
  lanesOf,
  mainOf,
  STRETCH,
  sumsOf,
  threadsOf,
  weightOf,
} from "./shared_weights.ts";

/** Numbers before the pointwise weights of an input channel: 9 weights, a bias, and a rest. */
const HEAD = 16;

/** A block's weights as tfjs lays them out; channels in fours. */
export interface SeparableWeights {
  /** `[3, 3, in, 1]`. */
  readonly depthwise: Float32Array;
  /** `[in]`. */
  readonly depthwiseBias: Float32Array;
  /** `[1, 1, in, out]`. */
  readonly pointwise: Float32Array;
  /** `[out]`. */
  readonly pointwiseBias: Float32Array;
}

/** Output channels that a thread computes. Two lengths, so that few programs are compiled. */
const chunkOf = (outChannels: number): 24 | 32 =>
  Math.ceil(outChannels / 24) * 24 <= Math.ceil(outChannels / 32) * 32 ? 24 : 32;

/**
 * A block's weights in the order in which its program reads them: for each chunk of output channels
 * and each input channel its depthwise weights and bias, then its pointwise weights for the chunk;
 * last of a chunk its biases.
 *
 * @param weights The weights.
 * @returns What `separableBlock()` takes.
 */
export function packSeparableBlock(weights: SeparableWeights): Float32Array {
  const { depthwise, depthwiseBias, pointwise, pointwiseBias } = weights;
  const [inChannels, outChannels] = [depthwiseBias.length, pointwiseBias.length];
  const chunk = chunkOf(outChannels);
  const chunks = Math.ceil(outChannels / chunk);
  const length = HEAD + chunk;
  const packed = new Float32Array(chunks * (inChannels + 1) * length);
  for (let q = 0; q < chunks; q++) {
    const [from, to] = [q * chunk, Math.min((q + 1) * chunk, outChannels)];
    for (let c = 0; c < inChannels; c++) {
      const at = (q * (inChannels + 1) + c) * length;
      for (let tap = 0; tap < 9; tap++) packed[at + tap] = depthwise[tap * inChannels + c];
      packed[at + 9] = depthwiseBias[c];
      const row = c * outChannels;
      packed.set(pointwise.subarray(row + from, row + to), at + HEAD);
    }
    packed.set(
      pointwiseBias.subarray(from, to),
      (q * (inChannels + 1) + inChannels) * length + HEAD,
    );
  }
  return packed;
}

/** The program; sizes are in its uniform buffer. */
function blockProgram(stride: 1 | 2, chunk: number, lanes: number, directive: string): Program {
  const length = HEAD + chunk;
  const columns = (STRETCH - 1) * stride + 3;
  const pad = stride === 1 ? 1 : 0;
  const quads = chunk / 4;
  const lines = fetchesOf(range(length).filter((n) => n < 10 || n >= HEAD), lanes);
  for (const tap of range(10)) lines.push(`let w${tap} = ${weightOf(tap, lanes)};`);
  for (const i of range(3)) {
    for (const j of range(columns)) {
      lines.push(`let x${i}_${j} = select(0.0, X[row${i} + column${j} + c], in${i} & is${j});`);
    }
  }
  for (const p of range(STRETCH)) {
    const taps = range(9).map((tap) => `x${Math.floor(tap / 3)}_${p * stride + tap % 3} * w${tap}`);
    lines.push(`let d${p} = w9 + ${taps.join(" + ")};`);
  }
  for (const f of range(chunk)) {
    lines.push(`let v${f} = ${weightOf(HEAD + f, lanes)};`);
    for (const p of range(STRETCH)) lines.push(`c${p}_${f} = c${p}_${f} + d${p} * v${f};`);
  }
  const straight = stride === 1
    ? "four(((b * s.c.x + y) * s.c.y + x + p) * s.a.y + f)"
    : `max(max(four(at), four(at + s.a.y)), max(four(at + under), four(at + under + s.a.y)))`;
  return {
    name: `separable block (stride ${stride}, ${chunk} channels a thread)`,
    code: `${directive}
@group(0) @binding(0) var<storage, read> X: array<f32>;
@group(0) @binding(1) var<storage, read> W: array<f32>;
@group(0) @binding(2) var<storage, read_write> Y: array<vec4f>;
// stretches, input channels, output channels; input height and width, output height and width
struct Sizes { a: vec4u, c: vec4u }
@group(0) @binding(3) var<uniform> s: Sizes;
fn four(at: u32) -> vec4f { return vec4f(X[at], X[at + 1u], X[at + 2u], X[at + 3u]); }
${mainOf(lanes)}
  let stretch = min(id, s.a.x - 1u);
  let across = s.c.w / ${STRETCH}u;
  let x = (stretch % across) * ${STRETCH}u;
  let y = (stretch / across) % s.c.z;
  let b = stretch / (across * s.c.z);
  let left = i32(x) * ${stride} - ${pad};
  let top = i32(y) * ${stride} - ${pad};
${
      range(3).map((i) =>
        `  let in${i} = (top + ${i} >= 0) & (top + ${i} < i32(s.c.x));
  let row${i} = (b * s.c.x + select(0u, u32(top + ${i}), in${i})) * s.c.y * s.a.y;`
      ).join("\n")
    }
${
      range(columns).map((j) =>
        `  let is${j} = (left + ${j} >= 0) & (left + ${j} < i32(s.c.y));
  let column${j} = select(0u, u32(left + ${j}), is${j}) * s.a.y;`
      ).join("\n")
    }
  ${sumsOf(chunk)}
  let first = w.y * (s.a.y + 1u) * ${length}u;
  for (var c = 0u; c < s.a.y; c++) {
    let start = first + c * ${length}u;
    ${lines.join("\n    ")}
  }
  ${gatherOf(chunk)}
  let biases = first + s.a.y * ${length}u + ${HEAD}u;
  for (var n = 0u; n < ${STRETCH * quads}u; n++) {
    let p = n / ${quads}u;
    let g = n % ${quads}u * 4u;
    let f = w.y * ${chunk}u + g;
    if (id < s.a.x && f < s.a.z) {
      var v = sums[n] + vec4f(W[biases + g], W[biases + g + 1u], W[biases + g + 2u], W[biases + g + 3u]);
      if (f < s.a.y) {
        ${
      stride === 1 ? "" : `let under = s.c.y * s.a.y;
        let at = ((b * s.c.x + y * 2u) * s.c.y + (x + p) * 2u) * s.a.y + f;`
    }
        v += ${straight};
      }
      Y[(((b * s.c.z + y) * s.c.w + x + p) * s.a.z + f) / 4u] = select(v, vec4f(), v < vec4f());
    }
  }
}`,
  };
}

/** Whether the program fits a block. */
export function separableFits(
  [, height, width, inChannels]: readonly number[],
  outChannels: number,
  stride: number,
): boolean {
  return (stride === 1 || height % 2 === 0 && width % 2 === 0) &&
    width / stride % STRETCH === 0 && inChannels % 4 === 0 && outChannels % 4 === 0 &&
    outChannels >= inChannels;
}

/**
 * Computes a block.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, height, width, in]`, float32; `separableFits()` holds.
 * @param packed What `packSeparableBlock()` made of the weights.
 * @param outChannels Channels that come out.
 * @param stride Pixels from one output to the next, along both axes.
 * @returns `[batch, height / stride, width / stride, out]`.
 */
export function separableBlock(
  backend: GpuBackend,
  x: KernelTensor,
  packed: Bound,
  outChannels: number,
  stride: 1 | 2,
): KernelTensor {
  const [batch, height, width, inChannels] = x.shape;
  const [outHeight, outWidth] = [height / stride, width / stride];
  const y = output(backend, [batch, outHeight, outWidth, outChannels]);
  const stretches = batch * outHeight * outWidth / STRETCH;
  const chunk = chunkOf(outChannels);
  const { size: lanes, directive } = lanesOf(backend.device);
  run(
    backend,
    programOf(blockProgram, stride, chunk, lanes, directive),
    [x, packed, y],
    [Math.ceil(stretches / threadsOf(lanes)), Math.ceil(outChannels / chunk), 1],
    new Uint32Array([stretches, inChannels, outChannels, 0, height, width, outHeight, outWidth]),
  );
  return y;
}
