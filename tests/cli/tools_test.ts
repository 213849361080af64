import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runTask, withFolder } from "./run_task.ts";

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

Deno.test("the test task counts passed, failed and skipped tests in its last line", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/good_test.ts`,
      `Deno.test("adds", () => {});
       Deno.test({ name: "needs data (real data)", ignore: true, fn() {} });
       Deno.test("has steps", async (t) => {
         await t.step("one", () => {});
         await t.step({ name: "two", ignore: true, fn() {} });
       });
       console.log("9 passed, 9 failed, 9 skipped");`,
    );
    await Deno.writeTextFile(
      `${folder}/bad_test.ts`,
      `Deno.test("breaks", () => { throw new Error("no"); });`,
    );
    await Deno.writeTextFile(`${folder}/type_test.ts`, `const x: number = "text";`);
    const [good, both, type] = await Promise.all([
      runTask("test", [`${folder}/good_test.ts`]),
      runTask("test", [`${folder}/good_test.ts`, `${folder}/bad_test.ts`, "--serial"], {
        env: { FER2013: "/nowhere.csv" },
      }),
      runTask("test", [`${folder}/type_test.ts`]),
    ]);
    assertEquals([good.code, lastLine(good.stdout)], [0, "2 passed, 0 failed, 1 skipped"]);
    assertMatch(good.stdout, /^Skipped:\n {2}needs data \(real data\)$/m);
    assertEquals([both.code, lastLine(both.stdout)], [1, "2 passed, 1 failed, 1 skipped"]);
    assertStringIncludes(both.stdout, "FER-2013 was not found at /nowhere.csv");
    assertEquals([type.code, lastLine(type.stdout)], [1, "0 passed, 1 failed, 0 skipped"]);
  });
});

Deno.test("the setup task is silent where nothing is missing", async () => {
  const { code, stdout, stderr } = await runTask("setup", []);
  assertEquals([code, stdout, stderr], [0, "", ""]);
});
