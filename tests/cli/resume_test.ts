import { assertEquals, assertStringIncludes } from "@std/assert";
import { runTask, withFolder, writeFaces, writeTinyRecipe } from "./run_task.ts";

Deno.test("train --resume takes moved data, and the flags that the run began with", async () => {
  await withFolder(async (folder) => {
    const run = (...args: string[]) => runTask("train", args, { cwd: folder });
    await writeFaces(`${folder}/a.csv`, 42);
    await writeTinyRecipe(`${folder}/tiny.json`);
    const flags = ["--recipe=tiny.json", "--lr=0.002", "--quiet"];
    const begun = await run("--data=a.csv", "--run-dir=run", "--max-steps=1", ...flags);
    assertEquals([begun.code, begun.stderr], [0, ""]);

    const refused = await run("--resume=run", "--lr=0.003");
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, "Cannot change --lr of a run that goes on");
    await writeTinyRecipe(`${folder}/other.json`, { batchSize: 9 });
    const recipe = await run("--resume=run", "--recipe=other.json");
    assertStringIncludes(recipe.stderr, "Cannot change --recipe of a run that goes on");

    // The file is at another place, and another one is at its old place.
    await Deno.rename(`${folder}/a.csv`, `${folder}/b.csv`);
    await writeFaces(`${folder}/a.csv`, 49);
    const other = await run("--resume=run", "--max-steps=2", "--quiet");
    assertEquals(other.code, 1);
    assertStringIncludes(other.stderr, "the data are not those that the run began with");
    const moved = await run(
      "--resume=run",
      "--data=b.csv",
      "--run-dir=./run",
      ...flags,
      "--max-steps=2",
    );
    assertEquals([moved.code, moved.stderr], [0, ""]);
    const { config } = JSON.parse(await Deno.readTextFile(`${folder}/run/config.json`));
    assertEquals(config.data, "b.csv");
    const again = await run("--resume=run", "--max-steps=3", "--quiet");
    assertEquals([again.code, again.stderr], [0, ""]);
  });
});
