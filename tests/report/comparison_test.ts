import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { writeComparison } from "../../src/report.ts";
import { ROOT, runTask, withFolder, writeFaces, writeTinyRecipe } from "../cli/run_task.ts";

const RUNS = ["fercnn-42", "fernet-42"].map((name) => `${ROOT}docs/runs/${name}`);

Deno.test("writeComparison() sets figures, intervals and differing settings side by side", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/page.html`;
    const { runs, settings, pairs } = await writeComparison(RUNS, path);
    const evaluations = await Promise.all(
      RUNS.map(async (run) => JSON.parse(await Deno.readTextFile(`${run}/evaluation.json`))),
    );
    runs.forEach(({ name, accuracy, macroF1 }, i) => {
      const its = evaluations[i];
      assertEquals(name, RUNS[i].replace(/.*\//, ""));
      assertEquals(accuracy, { value: its.accuracy, interval: its.accuracyInterval });
      assertEquals(macroF1, { value: its.macroF1, interval: its.macroF1Interval });
    });
    const optimizer = settings.find(({ name }) => name === "optimizer");
    assertEquals(optimizer?.values, ["adamw", "muon"]);
    assert(settings.every(({ name }) => name !== "seed"), "a setting that is the same in both");
    assertEquals(pairs, []);
    const page = await Deno.readTextFile(path);
    assert(page.startsWith("<!doctype html>"));
    assertEquals(/<script|https?:\/\/(?!www\.w3\.org)/.test(page), false);
    assertStringIncludes(page, "The runs&#39; predictions for the same rows are not known.");
    // Both runs in one chart.
    const [, chart] = /aria-label="(Validation accuracy: [^"]*)"/.exec(page) ?? [];
    for (const { name } of runs) assertStringIncludes(chart, `${name} from `);
  });
});

Deno.test("writeComparison() tests each pair on the rows that it is given", async () => {
  const rows = {
    labels: [0, 1, 2, 0, 1, 2],
    predicted: [[0, 1, 2, 0, 1, 0], [0, 0, 0, 0, 0, 0], [0, 1, 2, 0, 0, 0]],
  };
  const runs = [...RUNS, `${ROOT}docs/runs/fernet-42-2`];
  const { pairs } = await writeComparison(runs, null, { rows });
  // 2 * (1/2)^3 of three heads in a row, by pencil.
  assertEquals(pairs.map((pair) => ({ ...pair, pValue: Number(pair.pValue.toFixed(12)) })), [
    { first: 0, second: 1, onlyFirst: 3, onlySecond: 0, pValue: 0.25 },
    { first: 0, second: 2, onlyFirst: 1, onlySecond: 0, pValue: 1 },
    { first: 1, second: 2, onlyFirst: 0, onlySecond: 2, pValue: 0.5 },
  ]);
});

Deno.test("writeComparison() refuses less than two runs, and what is none", async () => {
  await assertRejects(
    () => writeComparison(RUNS.slice(0, 1), null),
    RangeError,
    "Cannot compare 1",
  );
  const gone = `${ROOT}docs/runs/gone`;
  await assertRejects(() => writeComparison([...RUNS, gone], null), Error, "no such folder");
});

Deno.test("compare prints a table, writes a page and tests on the same images", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 70);
    await writeTinyRecipe(`${folder}/tiny.json`, { maxSteps: 3 });
    for (const [run, ...flags] of [["a"], ["b", "--lr=0.01", "--label-smoothing=0.1"]]) {
      const args = ["--recipe=tiny.json", "--data=faces.csv", "--quiet", `--run-dir=${run}`];
      const { code, stderr } = await runTask("train", [...args, ...flags], { cwd: folder });
      assertEquals(code, 0, stderr);
    }
    const { code, stdout, stderr } = await runTask("compare", ["a", "b/"], { cwd: folder });
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "labelSmoothing");
    assertStringIncludes(stdout, "a and b: the first alone is right about ");
    assertStringIncludes(stdout, "Page  comparison.html");
    const page = await Deno.readTextFile(`${folder}/comparison.html`);
    assertStringIncludes(page, "exact test on the same 7 images");
    const json = await runTask("compare", ["a", "b", "--json"], { cwd: folder });
    const { pairs: [pair], settings } = JSON.parse(json.stdout);
    assertEquals([pair.first, pair.second], [0, 1]);
    assertEquals(settings.map(({ name }: { name: string }) => name), ["lr", "labelSmoothing"]);
    await Deno.remove(`${folder}/faces.csv`);
    const without = await runTask("compare", ["a", "b", "--out=c.html"], { cwd: folder });
    assertEquals([without.code, without.stderr], [0, ""]);
    assertStringIncludes(without.stdout, "faces.csv of a is not there any more");
    for (
      const [args, message] of [
        [["a"], "Cannot compare 1 runs: name two RUN_DIRs or more"],
        [["a", "./a"], "Cannot compare a with ./a: they are one folder"],
        [["a", "b", "--out=page"], "Cannot write the page to page: expected a name in .html"],
      ] as const
    ) {
      const refused = await runTask("compare", args, { cwd: folder });
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.stderr, message);
    }
  });
});
