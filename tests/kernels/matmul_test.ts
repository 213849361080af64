import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  defaultCandidate,
  fitted,
  PRODUCT_CANDIDATES,
  subgroupCandidates,
  workgroupBytes,
} from "../../src/kernels/candidates.ts";
import { matMul } from "../../src/kernels/matmul.ts";
import { describe, type ProductCandidate } from "../../src/kernels/product.ts";
import { assertClose, gpuTest, onCpu, randomTensor, runsOn, take } from "./harness.ts";

const FAMILIES: readonly ProductCandidate[] = [
  { family: "tile", rows: 4, columns: 8, down: 2, across: 4, depth: 8 },
  { family: "register", rows: 8, columns: 4, down: 2, across: 4, depth: 0 },
  { family: "subgroup", rows: 3, columns: 8, down: 8, across: 2, depth: 1 },
  { family: "subgroup", rows: 1, columns: 16, down: 8, across: 1, depth: 2 },
];

/** No transpose, or all four: every program takes a software adapter's compiler a while. */
const [PLAIN, ALL] = [[[false, false]], [[false, false], [false, true], [true, false], [
  true,
  true,
]]];

// rows, columns, depth, batch
const SIZES = [[1, 1, 1, 1], [5, 257, 9, 2], [257, 3, 4, 1], [33, 20, 12, 3], [4, 8, 257, 1]];

for (const candidate of FAMILIES) {
  gpuTest(`matMul() is right for any size as ${describe(candidate)}`, async (backend) => {
    if (!runsOn(backend, candidate)) return;
    for (const [rows, columns, depth, batch] of SIZES) {
      for (const [transposeA, transposeB] of rows % 2 && rows > 1 && rows < 99 ? ALL : PLAIN) {
        const a = randomTensor(1, transposeA ? [batch, depth, rows] : [batch, rows, depth]);
        const b = randomTensor(2, transposeB ? [batch, columns, depth] : [batch, depth, columns]);
        const bias = randomTensor(3, [columns]);
        const [expected] = await onCpu(
          [a, b, bias],
          (a, b, bias) => tf.relu(tf.add(tf.matMul(a, b, transposeA, transposeB), bias)),
        );
        const shape = { rows, columns, depth, batch, transposeA, transposeB };
        const c = matMul(backend, a, b, shape, candidate, { bias, activation: "relu" });
        const name = `[${rows}, ${columns}, ${depth}] x ${batch} ${transposeA} ${transposeB}`;
        assertClose(await take(c), expected, 1e-5, name);
        tf.dispose([a, b, bias]);
      }
    }
  });
}

gpuTest("matMul() is right where it packs a matrix first", async (backend) => {
  const [rows, columns, depth] = [133, 260, 516];
  const [a, b] = [randomTensor(1, [rows, depth]), randomTensor(2, [depth, columns])];
  const [expected] = await onCpu([a, b], (a, b) => tf.matMul(a, b));
  const shape = { rows, columns, depth, batch: 1, transposeA: false, transposeB: false };
  const [candidate] = subgroupCandidates(8);
  if (runsOn(backend, candidate)) {
    assertClose(await take(matMul(backend, a, b, shape, candidate)), expected, 1e-5);
  }
  tf.dispose([a, b]);
});

gpuTest("matMul() multiplies many matrices by one", async (backend) => {
  const [a, b] = [randomTensor(1, [3, 5, 8]), randomTensor(2, [8, 4])];
  const [expected] = await onCpu([a, b], (a, b) => tf.matMul(a, b));
  const shape = {
    rows: 5,
    columns: 4,
    depth: 8,
    batch: 3,
    sharedB: true,
    transposeA: false,
    transposeB: false,
  };
  assertClose(await take(matMul(backend, a, b, shape, FAMILIES[0])), expected, 1e-5);
  tf.dispose([a, b]);
});

for (const candidate of [...PRODUCT_CANDIDATES, ...subgroupCandidates(8)]) {
  gpuTest(`matMul() is right as ${describe(candidate)}`, async (backend) => {
    if (!runsOn(backend, candidate)) return;
    const [rows, columns, depth] = [133, 140, 36];
    const [a, b] = [randomTensor(1, [depth, rows - 1]), randomTensor(2, [depth, columns])];
    const [expected] = await onCpu([a, b], (a, b) => tf.matMul(a, b, true, false));
    const shape = {
      rows: rows - 1,
      columns,
      depth,
      batch: 1,
      transposeA: true,
      transposeB: false,
    };
    assertClose(await take(matMul(backend, a, b, shape, candidate)), expected, 1e-5);
    tf.dispose([a, b]);
  });
}

Deno.test("defaultCandidate() has a candidate for every size", () => {
  for (const kind of ["software", "hardware"] as const) {
    for (const rows of [1, 64, 5_000]) {
      for (const columns of [1, 7, 64, 512]) {
        for (const lanes of [0, 4, 8, 16, 32, 64]) {
          const transposes = { transposeA: false, transposeB: false };
          const size = { rows, columns, depth: 64, batch: 1, ...transposes };
          const candidate = defaultCandidate(kind, size, lanes);
          // The least that every WebGPU device allows.
          assert(candidate.down * candidate.across <= 256, `${kind} ${rows} ${columns}`);
          if (candidate.family === "subgroup") {
            assertEquals([candidate.down, candidate.columns % lanes], [lanes, 0]);
          }
        }
      }
    }
  }
});

Deno.test("fitted() takes a shallower tile where workgroup memory is small", () => {
  const [deep] = PRODUCT_CANDIDATES;
  assertEquals(workgroupBytes(deep), 32_768);
  assertEquals(fitted(deep, 32_768), deep);
  assertEquals(fitted(deep, 16_384), { ...deep, depth: 16 });
});
