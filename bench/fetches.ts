/**
 * `deno run -A bench/fetches.ts`: what a fetch, a store, a value handed round in a subgroup and a
 * product cost on this adapter, each in a loop of its own. What the programs in `src/kernels` are cut
 * up by.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { useWebGpu } from "../mod.ts";
import { borrow, checkPrograms, gpuBackend, type Program, run } from "../src/kernels/program.ts";
import { subgroupsOf } from "../src/kernels/subgroups.ts";

/** Turns of a loop, operations in a turn, workgroups of eight threads. */
const [TURNS, EACH, GROUPS] = [128, 32, 20_000];
const LANES = 8;

const gpu = await useWebGpu();
const backend = gpuBackend();
const { size, directive } = subgroupsOf(backend.device);
const buffer = borrow(backend, 2 ** 16);

interface Loop {
  readonly what: string;
  /** The buffer's elements. */
  readonly element: "f32" | "vec2f" | "vec4f";
  /** One operation, number `n` of its turn. */
  readonly operation: (n: number) => string;
  readonly needsSubgroups?: boolean;
}

const at = (n: number) => `(k * ${EACH}u + ${n}u + l * 16u) & 4095u`;
const LOOPS: readonly Loop[] = [
  { what: "a sum", element: "f32", operation: (n) => `c${n} = c${n} + f32(k);` },
  {
    what: "a product and a sum",
    element: "f32",
    operation: (n) => `c${n} = c${n} * 0.5 + f32(k);`,
  },
  { what: "fetch of f32", element: "f32", operation: (n) => `c${n} = c${n} + T[${at(n)}];` },
  {
    what: "fetch of vec2f",
    element: "vec2f",
    operation: (n) => `let q${n} = T[${at(n)}]; c${n} = c${n} + q${n}.x + q${n}.y;`,
  },
  {
    what: "fetch of vec4f",
    element: "vec4f",
    operation: (n) =>
      `let q${n} = T[${at(n)}]; c${n} = c${n} + q${n}.x + q${n}.y + q${n}.z + q${n}.w;`,
  },
  { what: "store of f32", element: "f32", operation: (n) => `T[${at(n)}] = f32(k);` },
  { what: "store of vec2f", element: "vec2f", operation: (n) => `T[${at(n)}] = vec2f(f32(k));` },
  { what: "store of vec4f", element: "vec4f", operation: (n) => `T[${at(n)}] = vec4f(f32(k));` },
  {
    what: "value handed round in a subgroup, and a sum",
    element: "f32",
    operation: (n) => `c${n} = c${n} + subgroupBroadcast(f32(l + k), ${n % LANES}u);`,
    needsSubgroups: true,
  },
];

function programOfLoop({ what, element, operation, needsSubgroups }: Loop): Program {
  const numbers = Array.from({ length: EACH }, (_, n) => n);
  return {
    name: what,
    code: `${needsSubgroups ? directive : ""}
@group(0) @binding(0) var<storage, read_write> T: array<${element}>;
@group(0) @binding(1) var<uniform> d: vec4u; // turns
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) l: u32) {
${numbers.map((n) => `  var c${n} = 0.0;`).join("\n")}
  for (var k = 0u; k < d.x; k++) {
${numbers.map((n) => `    ${operation(n)}`).join("\n")}
  }
  T[w.x & 1023u] = ${element}(${numbers.map((n) => `c${n}`).join(" + ")});
}`,
  };
}

async function nanosecondsOf(program: Program): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    run(backend, program, [buffer], [GROUPS, 1, 1], new Uint32Array([TURNS, 0, 0, 0]));
    backend.endComputePassEncoder();
    backend.submitQueue();
    await backend.device.queue.onSubmittedWorkDone();
    // The first compiles.
    if (round > 0) least = Math.min(least, performance.now() - start);
  }
  await checkPrograms();
  return least * 1e6 / (TURNS * EACH * GROUPS);
}

console.log(`${gpu.description}: nanoseconds for ${LANES} threads, on all cores together`);
for (const loop of LOOPS) {
  if (loop.needsSubgroups && size !== LANES) continue;
  const ns = await nanosecondsOf(programOfLoop(loop));
  console.log(`  ${ns.toFixed(2).padStart(6)}  ${loop.what}`);
}
gpu.dispose();
