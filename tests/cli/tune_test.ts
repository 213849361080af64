import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { cacheFolder, readProducts, readTuning, resolveTuning } from "../../cli/tuning.ts";
import { PRODUCT_CANDIDATES, subgroupCandidates } from "../../src/kernels/candidates.ts";
import { runTask, withFolder, writeFaces } from "./run_task.ts";

const SIZE = {
  rows: 20,
  columns: 8,
  depth: 12,
  batch: 1,
  transposeA: false,
  transposeB: false,
};

Deno.test("cacheFolder() is where each system keeps what can be made again", () => {
  const folder = (os: typeof Deno.build.os, env: Record<string, string>) =>
    cacheFolder(os, (name) => env[name]);
  const home = { HOME: "/home/ada" };
  assertEquals(folder("linux", home), "/home/ada/.cache/fer");
  assertEquals(folder("linux", { ...home, XDG_CACHE_HOME: "/var/ada" }), "/var/ada/fer");
  assertEquals(folder("darwin", home), "/home/ada/Library/Caches/fer");
  assertEquals(
    folder("windows", { LOCALAPPDATA: "C:\\Users\\ada\\AppData\\Local" }),
    "C:\\Users\\ada\\AppData\\Local\\fer",
  );
  assertThrows(() => folder("linux", {}), Error, "neither XDG_CACHE_HOME nor HOME is set");
});

Deno.test("readProducts() takes every candidate there is and keeps nothing else", () => {
  const products = [...PRODUCT_CANDIDATES, ...subgroupCandidates(8), ...subgroupCandidates(64)].map(
    (candidate) => ({ size: SIZE, candidate }),
  );
  const found = products.map((product) => ({ ...product, milliseconds: 1, untuned: 2 }));
  assertEquals(readProducts(JSON.parse(JSON.stringify(found)), "table.json"), products);
});

Deno.test("readProducts() refuses what is no table and says where", () => {
  const [candidate] = PRODUCT_CANDIDATES;
  const wrong: readonly (readonly [unknown, string])[] = [
    [{}, "expected a list of products"],
    [[{ size: SIZE }], "product 1: expected {size, candidate}"],
    [
      [{ size: SIZE, candidate }, { size: { ...SIZE, rows: 0 }, candidate }],
      "product 2: rows is 0",
    ],
    [[{ size: SIZE, candidate: { ...candidate, family: "big" } }], 'family is "big"'],
    [[{ size: SIZE, candidate: { ...candidate, columns: 6 } }], "columns of the candidate is no"],
    [[{ size: SIZE, candidate: { ...candidate, depth: 0 } }], "depth is 0"],
  ];
  for (const [value, message] of wrong) {
    assertThrows(() => readProducts(value, "table.json"), SyntaxError, message);
  }
});

Deno.test("readTuning() refuses kernels that are nobody's", () => {
  const read = (kernels: string) =>
    readTuning({ kernels, source: "off", products: [] }, "config.json");
  assertEquals(read("stock"), { kernels: "stock", source: "off", products: [] });
  assertThrows(() => read("yours"), SyntaxError, "Cannot read config.json: tuning is");
});

Deno.test("resolveTuning() takes the library's table, none at all, or a file's", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/table.json`;
    const products = [{ size: SIZE, candidate: PRODUCT_CANDIDATES[0] }];
    await Deno.writeTextFile(path, JSON.stringify({ adapter: "any", products }));
    const resolve = (choice: string) => resolveTuning(choice, () => {});
    assertEquals(await resolve("default"), { kernels: "fer", source: "default", products: [] });
    assertEquals(await resolve("off"), { kernels: "stock", source: "off", products: [] });
    assertEquals(await resolve(path), { kernels: "fer", source: path, products });
    await assertRejects(() => resolve("nowhere.json"), Error, "Cannot read nowhere.json: no such");
    await Deno.writeTextFile(path, "{");
    await assertRejects(() => resolve(path), SyntaxError, "table.json: it is not JSON");
  });
});

/** Deno and Mesa keep what they compile where the variables of the user's cache folder say, too. */
async function denoFolder(): Promise<string> {
  const args = ["info", "--json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

Deno.test("what the tune task finds is what train --tuning auto writes down and resumes with", async () => {
  await withFolder(async (folder) => {
    const cache = `${folder}/cache`;
    const options = {
      cwd: folder,
      env: {
        INIT_CWD: "",
        DENO_DIR: await denoFolder(),
        MESA_SHADER_CACHE_DIR: cacheFolder().replace(/.fer$/, ""),
        XDG_CACHE_HOME: cache,
        HOME: cache,
        LOCALAPPDATA: cache,
      },
    };
    const recipe = {
      batchSize: 8,
      epochs: 2,
      workers: 0,
      architecture: { name: "ferCnn", options: { filters: [2], hidden: 2, size: 48 } },
    };
    await Deno.writeTextFile(`${folder}/tiny.json`, JSON.stringify(recipe));
    await writeFaces(`${folder}/faces.csv`, 16);
    const train = (run: string, ...flags: string[]) =>
      runTask("train", [
        ...["--data", "faces.csv", "--recipe", "tiny.json", "--run-dir", run, "--max-steps=1"],
        ...flags,
      ], options);
    const configOf = async (run: string) =>
      JSON.parse(await Deno.readTextFile(`${folder}/${run}/config.json`));

    const untuned = await train("untuned", "--tuning=auto");
    assertEquals([untuned.code, untuned.stderr], [0, ""]);
    assertMatch(untuned.stdout, /^Nothing is tuned for .*: computing as the library's own table/m);
    const shipped = { kernels: "fer", source: "default", products: [] };
    assertEquals((await configOf("untuned")).tuning, shipped);

    const tuned = await runTask("tune", ["--recipe=tiny.json", "--rounds=1"], options);
    assertEquals([tuned.code, tuned.stderr], [0, ""]);
    const path = /^Table {4}(.*)$/m.exec(tuned.stdout)?.[1] ?? "";
    assertStringIncludes(path, `${cache}/`);
    const table = JSON.parse(await Deno.readTextFile(path));
    const products = readProducts(table.products, path);
    assertEquals(tuned.stdout.match(/^\d+\/\d+ {2}/gm)?.length, products.length);

    assertEquals((await train("auto", "--tuning", "auto")).code, 0);
    assertEquals((await configOf("auto")).tuning, { kernels: "fer", source: path, products });
    // The table may change or go: the run keeps its own.
    await Deno.remove(path);
    const resumed = await runTask("train", ["--resume=auto", "--max-steps=2"], options);
    assertEquals([resumed.code, resumed.stderr], [0, ""]);
    const repeated = await runTask("train", [
      ...["--recipe=auto/config.json", "--run-dir=again", "--max-steps=1"],
    ], options);
    assertEquals([repeated.code, repeated.stderr], [0, ""]);
    assertEquals((await configOf("again")).tuning.products, products);
  });
});
