import { assertEquals, assertRejects } from "@std/assert";
import { loadData } from "../../cli/source.ts";
import { withFolder } from "./run_task.ts";

const FILES = new URL("../data/parquet/", import.meta.url).pathname;

Deno.test("tasks take Parquet: a file by what is in it, a folder by what is in that", async () => {
  await withFolder(async (folder) => {
    await Deno.copyFile(`${FILES}lists.parquet`, `${folder}/faces.data`);
    await Deno.copyFile(`${FILES}faces.csv.gz`, `${folder}/faces`);
    const sizes: number[] = [];
    for (const path of [`${FILES}fer`, `${FILES}pandas.parquet`, `${folder}/faces.data`]) {
      sizes.push((await loadData(path)).length);
    }
    assertEquals(sizes, [21, 9, 21]);
    assertEquals((await loadData(`${folder}/faces`)).length, 21);
    await assertRejects(() => loadData(`${folder}/gone.parquet`), Error, "no such file");
  });
});
