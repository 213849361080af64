import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { ROOT } from "../cli/run_task.ts";

/** What stands in a file as the source of an import. */
async function importsOf(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  return [...text.matchAll(/(?:from|import\() ?"([^"]+)"/g)].map(([, source]) => source);
}

Deno.test("the server imports only what the package exports, Hono, Node's HTTP, tfjs and the flag parser", async () => {
  const doors = Object.values(manifest.exports).map((path) => path.replace("./", "../../"));
  const packages = new Set<string>();
  for await (const { name } of Deno.readDir(`${ROOT}examples/server`)) {
    if (!name.endsWith(".ts")) continue;
    for (const source of await importsOf(`${ROOT}examples/server/${name}`)) {
      if (source.startsWith("./")) await Deno.stat(`${ROOT}examples/server/${source}`);
      else if (source.startsWith("../")) assert(doors.includes(source), `${name}: ${source}`);
      else packages.add(source);
    }
  }
  assertEquals([...packages].sort(), [
    "@hono/node-server",
    "@std/cli/parse-args",
    "@tensorflow/tfjs",
    "hono",
    "hono/cors",
    "hono/method-not-allowed",
    "hono/request-id",
    "hono/secure-headers",
    "hono/utils/http-status",
    "node:dns/promises",
    "node:http",
    "node:net",
    "node:stream",
  ]);
});

Deno.test("nothing in src/ or cli/ imports Hono", async () => {
  const visit = async (folder: string): Promise<number> => {
    let files = 0;
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) files += await visit(path);
      if (!name.endsWith(".ts")) continue;
      files++;
      for (const source of await importsOf(path)) assert(!/^(?:npm:)?hono\b/.test(source), path);
    }
    return files;
  };
  const files = await visit(`${ROOT}src`) + await visit(`${ROOT}cli`);
  assert(files > 100);
});
