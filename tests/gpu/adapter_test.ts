import { assertEquals } from "@std/assert";
import { looksLikeOpenGl } from "../../src/gpu/adapter.ts";
import { candidatesOf, defaultCandidate } from "../../src/kernels/candidates.ts";

// What Deno 2.9.6 lists on one llvmpipe by way of Vulkan, and with DENO_WEBGPU_BACKEND=gl.
const VULKAN = ["timestamp-query", "rg11b10ufloat-renderable", "bgra8unorm-storage", "shader-f16"];
const OPENGL = ["timestamp-query", "dual-source-blending", "clip-distances", "immediates"];

Deno.test("looksLikeOpenGl() tells wgpu's OpenGL from its Vulkan", () => {
  assertEquals(looksLikeOpenGl(new Set(VULKAN)), false);
  assertEquals(looksLikeOpenGl(new Set(OPENGL)), true);
});

Deno.test("candidatesOf() finds every candidate that a card's table names, each once", () => {
  const names = candidatesOf((size) => defaultCandidate("hardware", size))
    .map(({ rows, columns, down, across }) => `${rows}x${columns} ${down}x${across}`);
  assertEquals(names.sort(), ["4x4 8x8", "4x8 8x8", "8x8 8x8"]);
});

Deno.test("candidatesOf() finds the six kinds of subgroups that a software adapter uses", () => {
  const found = candidatesOf((size) => defaultCandidate("software", size, 8));
  assertEquals(found.filter(({ family }) => family === "subgroup").length, 6);
});
