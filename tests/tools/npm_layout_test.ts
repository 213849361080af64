import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile, importsOf } from "../../tools/npm_layout/compile.ts";
import { layOut } from "../../tools/npm_layout/layout.ts";
import { difference } from "../../tools/runtimes/compare.ts";

const CODE = `import type { A } from "./a.ts";
export * from "../b.ts";
import tf from "tfjs";
export const lazy = (): Promise<unknown> => import("./c.ts");
/** Its type. */
export type B = import("./d.ts").B;
export const file: URL = new URL("./e.bin", import.meta.url);
export const a: A = tf as A;
`;

Deno.test("compile() names modules as they are called once compiled, types too", () => {
  const { code, declarations } = compile("src/x.ts", CODE, (name) => `npm-${name}`);
  for (const line of ['from "../b.js"', 'import tf from "npm-tfjs"', 'import("./c.js")']) {
    assertStringIncludes(code, line);
  }
  assertStringIncludes(code, 'new URL("./e.bin", import.meta.url)');
  assert(!code.includes("type"), code);
  assertMatch(declarations, /\/\*\* Its type\. \*\/\nexport type B = import\("\.\/d\.js"\)\.B;/);
  assertStringIncludes(declarations, 'import type { A } from "./a.js";');
  assertStringIncludes(declarations, "export declare const lazy: () => Promise<unknown>;");
});

Deno.test("importsOf() tells a package's own modules from others", () => {
  const { own, foreign } = importsOf(CODE);
  assertEquals(own.toSorted(), ["../b.ts", "./a.ts", "./c.ts", "./d.ts"]);
  assertEquals(foreign, ["tfjs"]);
});

Deno.test("layOut() takes along what exports lead to, and leaves out what npm has not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files: Readonly<Record<string, string>> = {
      "LICENSE": "mine",
      "README.md": "# It",
      "mod.ts": 'export * from "./src/a.ts";',
      "cli.ts": 'import "@std/cli"; export const c: number = 1;',
      "src/a.ts": 'import pako from "zip/x.js"; export const p: unknown = pako;\n' +
        'export const w: URL = new URL("./w.bin", import.meta.url);',
      "src/w.bin": "weights",
      "src/unused.ts": "export const u: number = 1;",
    };
    await Deno.mkdir(`${folder}/in/src`, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/in/${path}`, text);
    }
    const manifest = {
      name: "@it/self",
      version: "1.2.3",
      license: "MIT",
      exports: { ".": "./mod.ts", "./cli": "./cli.ts" },
      imports: { "zip": "npm:pako@3.0.3", "@std/cli": "jsr:@std/cli@1.0.0" },
    };
    const root = new URL(`file://${folder}/in/`);
    const { left, dependencies } = await layOut(root, manifest, `${folder}/out`);
    assertEquals(left, { "./cli": "jsr:@std/cli@1.0.0" });
    assertEquals(dependencies, { pako: "3.0.3" });
    const read = (path: string) => Deno.readTextFile(`${folder}/out/${path}`);
    assertStringIncludes(await read("src/a.js"), 'from "pako/x.js"');
    assertEquals(await read("src/w.bin"), "weights");
    assertEquals(await read("mod.js"), 'export * from "./src/a.js";\n');
    assertEquals(JSON.parse(await read("package.json")).exports, {
      ".": { types: "./_dist/mod.d.ts", default: "./mod.js" },
    });
    const names = [...Deno.readDirSync(`${folder}/out/src`)].map(({ name }) => name).toSorted();
    assertEquals(names, ["a.js", "w.bin"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("difference() names what runtimes say otherwise, and passes over a browser's files", () => {
  const deno = { faces: [{ box: { x: 10 }, probabilities: { sad: 0.5 } }], files: { rows: 6 } };
  const page = { faces: [{ box: { x: 10.04 }, probabilities: { sad: 0.50009 } }] };
  assertEquals(difference(deno, page), null);
  const far = { ...deno, faces: [{ box: { x: 10 }, probabilities: { sad: 0.5002 } }] };
  assertEquals(difference(deno, far), ".faces.0.probabilities.sad is 0.5002, not 0.5");
  assertEquals(difference(deno, { ...deno, files: { rows: 5 } }), ".files.rows is 5, not 6");
  assertEquals(difference({ a: ["x"] }, { a: [] }), ".a.0 is undefined, not x");
});
