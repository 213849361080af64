/**
 * The programs of Winograd's minimal filtering around its products: transforms of images, filters and
 * their gradients. `winograd.ts` says what they are for.
 *
 * @module
 */
import { type Activation, epilogue1 } from "./epilogue.ts";
import { larger } from "./max_pool.ts";
import { type Program, storage, threadMain } from "./program.ts";
import { range } from "./range.ts";

/** Outputs of a tile along each axis. */
export type WinogradTile = 2 | 4;

type Matrix = readonly (readonly number[])[];

interface Matrices {
  readonly Bt: Matrix;
  readonly G: Matrix;
  readonly At: Matrix;
}

const MATRICES: Record<WinogradTile, Matrices> = {
  2: {
    Bt: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    G: [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
    At: [[1, 1, 1, 0], [0, 1, -1, -1]],
  },
  4: {
    Bt: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    G: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    At: [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
  },
};

const transposed = (m: Matrix): Matrix => range(m[0].length).map((j) => m.map((row) => row[j]));
const literal = (value: number) => Number.isInteger(value) ? `${value}.0` : `${value}`;

/** WGSL of a row of a matrix times variables. */
function combine(row: readonly number[], variable: (i: number) => string): string {
  const terms = row.flatMap((value, i) => {
    if (value === 0) return [];
    const size = Math.abs(value);
    const term = size === 1 ? variable(i) : `${literal(size)} * ${variable(i)}`;
    return [[value < 0 ? "-" : "+", term]];
  });
  return terms.map(([sign, term], i) => i ? ` ${sign} ${term}` : sign === "-" ? `-${term}` : term)
    .join("");
}

/** WGSL of left x right, of n x n variables `from`, stored by `to(i, j, expression)`. */
function sandwich(
  left: Matrix,
  from: string,
  to: (i: number, j: number, expression: string) => string,
): string {
  const lines: string[] = [];
  const inner = left[0].length;
  left.forEach((row, i) =>
    range(inner).forEach((j) =>
      lines.push(`let ${from}t${i}_${j} = ${combine(row, (k) => `${from}${k}_${j}`)};`)
    )
  );
  left.forEach((_, i) =>
    left.forEach((row, j) => lines.push(to(i, j, combine(row, (k) => `${from}t${i}_${k}`))))
  );
  return lines.map((line) => `  ${line}`).join("\n");
}

/** How an image is cut into tiles. */
export interface Tiling {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly tilesY: number;
  readonly tilesX: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Words of the uniform buffer: one program serves all sizes, for compiling takes seconds. */
export function words(t: Tiling, first: number, rows: number): Uint32Array {
  const { channels, tilesX, tilesY, height, width, padTop, padLeft } = t;
  return new Uint32Array([
    ...[first, rows, channels, tilesX],
    ...[tilesY, height, width, 0],
    ...[padTop, padLeft, 0, 0],
  ]);
}

/** Declares it: first image, tiles, channels, tiles across; tiles down, height, width. */
const sizes = (binding: number) =>
  `struct Sizes { d: vec4u, e: vec4u, pad: vec4i }
@group(0) @binding(${binding}) var<uniform> s: Sizes;`;

/** WGSL that finds tile and pair of channels of a thread: two at once take half of the fetches. */
const place = (exact: boolean) =>
  `  let C = s.d.z / 2u;
  let c = id % C;
  let r = id / C;
  ${exact ? "" : "if (r >= s.d.y) { return; }"}
  let tx = i32(r % s.d.w);
  let ty = i32((r / s.d.w) % s.e.x);
  let b = s.d.x + r / (s.d.w * s.e.x);
  let plane = s.d.y * C;`;

/** WGSL that loads n x n neighbours from `X`, zeros outside of the image. */
function load(n: number, tile: number): string {
  const lines = [`let top = ty * ${tile} - s.pad.x;`, `let left = tx * ${tile} - s.pad.y;`];
  for (const i of range(n)) {
    lines.push(
      `let row${i} = ((b * s.e.y + u32(top + ${i})) * s.e.z) * C + c;`,
      `let is${i} = (top + ${i} >= 0) & (top + ${i} < i32(s.e.y));`,
      `let column${i} = u32(left + ${i}) * C;`,
      `let has${i} = (left + ${i} >= 0) & (left + ${i} < i32(s.e.z));`,
    );
  }
  for (const i of range(n)) {
    for (const j of range(n)) {
      const inside = `is${i} & has${j}`;
      const value = `X[select(0u, row${i} + column${j}, ${inside})]`;
      lines.push(`let x${i}_${j} = select(vec2f(), ${value}, ${inside});`);
    }
  }
  return lines.map((line) => `  ${line}`).join("\n");
}

/** V = Bt x B: thread (tile, two channels). */
export function inputProgram(tile: WinogradTile, exact: boolean): Program {
  const n = tile + 2;
  return {
    name: `Winograd F(${tile}) input transform`,
    code: `${storage([["X", "vec2f"], ["V", "vec2f"]])}
${sizes(2)}
${
      threadMain(`${place(exact)}
${load(n, tile)}
${sandwich(MATRICES[tile].Bt, "x", (i, j, v) => `V[${i * n + j}u * plane + id] = ${v};`)}`)
    }`,
  };
}

/** D = A dy At: thread (tile, two channels). */
export function outputGradientProgram(tile: WinogradTile, exact: boolean): Program {
  const n = tile + 2;
  const A = transposed(MATRICES[tile].At);
  return {
    name: `Winograd F(${tile}) output gradient transform`,
    code: `${storage([["X", "vec2f"], ["V", "vec2f"]])}
${sizes(2)}
${
      threadMain(`${place(exact)}
${load(tile, tile)}
${sandwich(A, "x", (i, j, v) => `V[${i * n + j}u * plane + id] = ${v};`)}`)
    }`,
  };
}

/** Y = At M A, or the maximum of each 2x2 window of it: thread (tile, two channels). */
export function outputProgram(
  tile: WinogradTile,
  exact: boolean,
  whole: boolean,
  bias: boolean,
  activation: Activation,
  pool: boolean,
): Program {
  const n = tile + 2;
  // A pool's windows are whole within tiles; it leaves out the last odd row and column.
  const step = pool ? 2 : 1;
  const stores = (i: number, j: number, value: string) => {
    const store = `Y[at + (${i}u * width + ${j}u) * C] =
    finish2(${value}, 2u * c);`;
    return whole ? store : `if (top + ${i}u < height && left + ${j}u < width) { ${store} }`;
  };
  const pooled = range(tile / 2).flatMap((i) =>
    range(tile / 2).flatMap((j) => {
      const v = (down: number, across: number) => `y${2 * i + down}_${2 * j + across}`;
      return [
        `  let above${i}_${j} = ${larger(v(0, 0), v(0, 1))};`,
        `  let below${i}_${j} = ${larger(v(1, 0), v(1, 1))};`,
        `  ${stores(i, j, larger(`above${i}_${j}`, `below${i}_${j}`))}`,
      ];
    })
  );
  const loads = range(n).flatMap((i) =>
    range(n).map((j) => `  let x${i}_${j} = M[${i * n + j}u * plane + id];`)
  );
  return {
    name: `Winograd F(${tile}) output transform${pool ? ", then pool" : ""}`,
    code: `${
      storage(
        bias ? [["M", "vec2f"], ["bias", "f32"], ["Y", "vec2f"]] : [["M", "vec2f"], ["Y", "vec2f"]],
      )
    }
${sizes(bias ? 3 : 2)}
${epilogue1(bias ? "bias" : null, activation)}
fn finish2(v: vec2f, c: u32) -> vec2f { return vec2f(finish(v.x, c), finish(v.y, c + 1u)); }
${
      threadMain(`${place(exact)}
${loads.join("\n")}
  let height = s.e.y / ${step}u;
  let width = s.e.z / ${step}u;
  let top = u32(ty) * ${tile / step}u;
  let left = u32(tx) * ${tile / step}u;
  let at = ((b * height + top) * width + left) * C + c;
${
        sandwich(
          MATRICES[tile].At,
          "x",
          (i, j, v) => pool ? `let y${i}_${j} = ${v};` : stores(i, j, v),
        )
      }
${pool ? pooled.join("\n") : ""}`)
    }`,
  };
}

/**
 * U = G w Gt, `[p][c][f]`: thread (c, f); for the input gradient, of the turned filter; with a scale
 * a column f, of the filter times it.
 */
export function filterProgram(tile: WinogradTile, turned: boolean, scaled: boolean): Program {
  const n = tile + 2;
  const loads = range(3).flatMap((i) =>
    range(3).map((j) => {
      const k = turned ? 8 - i * 3 - j : i * 3 + j;
      return `  let x${i}_${j} = W[${k}u * d.x + id]${scaled ? " * scale" : ""};`;
    })
  );
  const names = scaled ? ["W", "S", "U"] : ["W", "U"];
  return {
    name: `Winograd F(${tile}) filter transform`,
    code: `${storage(names.map((name) => [name, "f32"] as const))}
@group(0) @binding(${names.length}) var<uniform> d: vec4u; // threads, columns
${
      threadMain(`  if (id >= d.x) { return; }
${scaled ? "  let scale = S[id % d.y];" : ""}
${loads.join("\n")}
${sandwich(MATRICES[tile].G, "x", (i, j, v) => `U[${i * n + j}u * d.x + id] = ${v};`)}`)
    }`,
  };
}

/** dW = Gt S G: thread (c, f). */
export function filterGradientProgram(tile: WinogradTile): Program {
  const n = tile + 2;
  const Gt = transposed(MATRICES[tile].G);
  const loads = range(n).flatMap((i) =>
    range(n).map((j) => `  let x${i}_${j} = S[${i * n + j}u * d.x + id];`)
  );
  return {
    name: `Winograd F(${tile}) filter gradient transform`,
    code: `${storage([["S", "f32"], ["W", "f32"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // threads
${
      threadMain(`  if (id >= d.x) { return; }
${loads.join("\n")}
${sandwich(Gt, "x", (i, j, v) => `W[${i * 3 + j}u * d.x + id] = ${v};`)}`)
    }`,
  };
}
