/**
 * The gradients of a batch normalization by the batch's own statistics, alone, with ReLU, or with
 * ReLU and a 2x2 max pool after it. With h = (x - mean) r and n elements a channel:
 *
 *     dz     = dy where ReLU was open and, with a pool, at the first maximum of the window; else 0
 *     dbeta  = sum(dz)
 *     dgamma = sum(dz h)
 *     dx     = gamma r (dz - dbeta / n - h dgamma / n)
 *
 * Where the maximum was and whether ReLU was open is worked out anew from x, which is kept anyway.
 * First each thread sums a stretch of rows of one group of channels; a second program adds the
 * stretches; in a third each thread computes a row (a pair of rows with a pool) of dx.
 *
 * @module
 */
import { type AfterNorm, normalizedShape } from "./batch_norm.ts";
import {
  borrow,
  comesOutEven,
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
import { groupsOf, type Stretches, stretchesOf } from "./stretches.ts";

/** WGSL: what the channels of a thread share. */
const constants = (groups: number) =>
  `  let m = P[c];
  let scale = P[c + ${2 * groups}u];
  let shift = P[c + ${3 * groups}u];`;

/** Thread (stretch of output rows, group of channels). */
function gradientSumsProgram(
  shape: readonly number[],
  after: AfterNorm,
  s: Stretches,
): Program {
  const [batch, height, width, channels] = shape;
  const { alias, count: G } = groupsOf(channels);
  const [, outHeight, outWidth] = normalizedShape(shape, after);
  const pooled = after === "relu and pool";
  const offsets = [0, G, width * G, width * G + G];
  const body = pooled
    ? `${offsets.map((o, i) => `      let x${i} = X[at + ${o}u] - m;`).join("\n")}
      var h = x0;
      var z = x0 * scale + shift;
${
      [1, 2, 3].map((i) =>
        `      let z${i} = x${i} * scale + shift;
      h = select(h, x${i}, z${i} > z);
      z = select(z, z${i}, z${i} > z);`
      ).join("\n")
    }
      let dz = select(E(), D[source], z > E());
      at += ${2 * G}u;`
    : `      let h = X[at] - m;
      let dz = ${
      after === "relu" ? "select(E(), D[source], h * scale + shift > E())" : "D[source]"
    };
      at += ${G}u;`;
  const rows = batch * outHeight;
  const last = s.even ? `first + ${s.length}u` : `min(first + ${s.length}u, ${rows}u)`;
  return {
    name: `batch normalization, then ${after}: sums of the gradient`,
    code: `${alias}
${storage([["X", "E"], ["D", "E"], ["P", "E"], ["S", "E"]])}
${
      threadMain(`${comesOutEven(G * s.count) ? "" : `  if (id >= ${G * s.count}u) { return; }`}
  let c = id % ${G}u;
  let first = (id / ${G}u) * ${s.length}u;
  let last = ${last};
${constants(G)}
  var sum = E();
  var product = E();
  for (var row = first; row < last; row++) {
    var source = row * ${outWidth * G}u + c;
    var at = ((row / ${outHeight}u) * ${height}u + (row % ${outHeight}u) * ${pooled ? 2 : 1}u) * ${
        width * G
      }u + c;
    for (var x = 0u; x < ${outWidth}u; x++) {
${body}
      sum += dz;
      product += dz * h;
      source += ${G}u;
    }
  }
  S[id] = sum;
  S[id + ${G * s.count}u] = product;`)
    }`,
  };
}

/** Thread (group of channels). */
function gradientWeightsProgram(channels: number, stretches: number): Program {
  const { alias, count: G } = groupsOf(channels);
  return {
    name: "batch normalization: gradients of scale and shift",
    code: `${alias}
${storage([["S", "E"], ["P", "E"], ["dgamma", "E"], ["dbeta", "E"]], 2)}
${
      threadMain(`  if (id >= ${G}u) { return; }
  var sum = E();
  var product = E();
  for (var i = 0u; i < ${stretches}u; i++) {
    sum += S[i * ${G}u + id];
    product += S[(i + ${stretches}u) * ${G}u + id];
  }
  dbeta[id] = sum;
  dgamma[id] = product * P[id + ${G}u];`)
    }`,
  };
}

/** Thread (image, row or pair of rows, group of channels). */
function gradientInputProgram(shape: readonly number[], after: AfterNorm): Program {
  const [batch, height, width, channels] = shape;
  const { alias, count: G } = groupsOf(channels);
  const [, outHeight, outWidth] = normalizedShape(shape, after);
  const pooled = after === "relu and pool";
  const offsets = [0, G, width * G, width * G + G];
  const plain = (at: string) => `dX[${at}] = (m - X[${at}]) * slope - offset;`;
  const flags = [
    "(z0 >= z1) & (z0 >= z2) & (z0 >= z3)",
    "!f0 & (z1 >= z2) & (z1 >= z3)",
    "!f0 & !f1 & (z2 >= z3)",
    "!f0 & !f1 & !f2",
  ];
  const body = pooled
    ? `${
      offsets.map((o, i) =>
        `    let x${i} = X[at + ${o}u] - m;\n    let z${i} = x${i} * scale + shift;`
      ).join("\n")
    }
    let dy = D[source] * scale;
${
      flags.map((flag, i) =>
        `    let f${i} = ${flag};
    dX[at + ${offsets[i]}u] = select(E(), dy, f${i} & (z${i} > E())) - x${i} * slope - offset;`
      ).join("\n")
    }
    at += ${2 * G}u;`
    : `    let x0 = X[at] - m;
    let dy = ${
      after === "relu"
        ? "select(E(), D[source] * scale, x0 * scale + shift > E())"
        : "D[source] * scale"
    };
    dX[at] = dy - x0 * slope - offset;
    at += ${G}u;`;
  // A pool leaves out the last column and row of an odd width and height.
  const lastColumn = pooled && width % 2
    ? `  ${plain("at")}\n  ${plain(`at + ${width * G}u`)}`
    : "";
  const lastRow = pooled && height % 2
    ? `  if (row % ${outHeight}u == ${outHeight - 1}u) {
    var below = (row / ${outHeight}u * ${height}u + ${height - 1}u) * ${width * G}u + c;
    for (var x = 0u; x < ${width}u; x++) {
      ${plain("below")}
      below += ${G}u;
    }
  }`
    : "";
  const count = batch * outHeight * G;
  return {
    name: `batch normalization, then ${after}: gradient of the input`,
    code: `${alias}
${storage([["X", "E"], ["D", "E"], ["P", "E"], ["dgamma", "E"], ["dbeta", "E"], ["dX", "E"]])}
${
      threadMain(`${comesOutEven(count) ? "" : `  if (id >= ${count}u) { return; }`}
  let c = id % ${G}u;
  let row = id / ${G}u;
${constants(G)}
  let slope = scale * P[c + ${G}u] * dgamma[c] * ${1 / (batch * height * width)};
  let offset = scale * dbeta[c] * ${1 / (batch * height * width)};
  var source = row * ${outWidth * G}u + c;
  var at = ((row / ${outHeight}u) * ${height}u + (row % ${outHeight}u) * ${pooled ? 2 : 1}u) * ${
        width * G
      }u + c;
  for (var x = 0u; x < ${outWidth}u; x++) {
${body}
    source += ${G}u;
  }
${lastColumn}
${lastRow}`)
    }`,
  };
}

/** The gradients of a batch normalization. */
export interface BatchNormGradients {
  /** In the input, of its shape. */
  readonly dx: KernelTensor;
  /** In the scale, `[channels]`. */
  readonly dgamma: KernelTensor;
  /** In the shift, `[channels]`. */
  readonly dbeta: KernelTensor;
}

/**
 * The gradients of `normalizeBatch()` by the statistics of `x` itself.
 *
 * @param backend tfjs's backend.
 * @param dy The gradient in the output.
 * @param x The input, `[batch, height, width, channels]`, float32.
 * @param normalization What `batchStatistics()` gave.
 * @param after What followed.
 */
export function normalizeBatchGradient(
  backend: GpuBackend,
  dy: KernelTensor,
  x: KernelTensor,
  normalization: KernelTensor,
  after: AfterNorm,
): BatchNormGradients {
  const [batch, height, , channels] = normalizedShape(x.shape, after);
  const groups = groupsOf(channels).count;
  const s = stretchesOf(batch * height, groups);
  const partial = borrow(backend, 2 * s.count * channels);
  run(
    backend,
    programOf(gradientSumsProgram, x.shape, after, s),
    [x, dy, normalization, partial],
    threads(groups * s.count),
  );
  const dgamma = output(backend, [channels]);
  const dbeta = output(backend, [channels]);
  run(
    backend,
    programOf(gradientWeightsProgram, channels, s.count),
    [partial, normalization, dgamma, dbeta],
    threads(groups),
  );
  giveBack(backend, partial);
  const dx = output(backend, x.shape);
  run(
    backend,
    programOf(gradientInputProgram, x.shape, after),
    [x, dy, normalization, dgamma, dbeta, dx],
    threads(batch * height * groups),
  );
  return { dx, dgamma, dbeta };
}
