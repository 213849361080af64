import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { jsonlFormat } from "../../../cli/label/jsonl_format.ts";
import { noTotals } from "../../../cli/label/picture_result.ts";
import { openRowFile } from "../../../cli/label/row_file.ts";
import { differenceOf, type RunIdentity } from "../../../cli/label/run_identity.ts";
import { withFolder } from "../run_task.ts";

const FORMAT = jsonlFormat(["sad"]);
const IDENTITY: RunIdentity = {
  version: "1.2.3",
  model: { name: "m.safetensors", sha256: "a".repeat(64) },
  flags: { format: "jsonl", crops: false, "max-faces": 20, shard: null },
};
const ROW = FORMAT.rows({ path: "a.jpg", error: "gone" });

Deno.test("differenceOf() names what differs as it stands on the command line", () => {
  const withFlags = (flags: RunIdentity["flags"]) => ({
    ...IDENTITY,
    flags: { ...IDENTITY.flags, ...flags },
  });
  const model = { name: "n.safetensors", sha256: "b".repeat(64) };
  assertEquals(differenceOf(IDENTITY, IDENTITY), null);
  assertEquals(
    [
      { ...IDENTITY, version: "1.3.0" },
      { ...IDENTITY, model },
      withFlags({ "max-faces": 5 }),
      withFlags({ crops: true }),
      withFlags({ shard: "0/4" }),
    ].map((now) => differenceOf(IDENTITY, now)),
    [
      "it was made with version 1.2.3, this is 1.3.0",
      "it was made with model m.safetensors (aaaaaaaaaaaa), this is n.safetensors (bbbbbbbbbbbb)",
      "it was made with --max-faces 20, this is --max-faces 5",
      "it was made with no --crops, this is --crops",
      "it was made with no --shard, this is --shard 0/4",
    ],
  );
  // The same weights under another name are the same model.
  assertEquals(
    differenceOf(IDENTITY, { ...IDENTITY, model: { ...IDENTITY.model, name: "x" } }),
    null,
  );
});

Deno.test("openRowFile() goes on behind the last whole picture, and says what rows are of", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/rows.jsonl`;
    const first = await openRowFile(path, FORMAT, IDENTITY, false);
    assertEquals(first.before, noTotals());
    await first.append(ROW);
    await first.append('{"path":"b.j');
    await first.close({ ...noTotals(), pictures: 1, errors: 1 }, false);
    const second = await openRowFile(path, FORMAT, IDENTITY, false);
    assertEquals(second.before, { pictures: 1, faces: 0, withoutFace: 0, errors: 1 });
    assertEquals([second.done.has("a.jpg"), second.done.has("b.jpg")], [true, false]);
    const row = FORMAT.rows({ path: "b.jpg", error: "gone" });
    await second.append(row);
    await second.close({ ...noTotals(), pictures: 2, errors: 2 }, true);
    assertEquals(await Deno.readTextFile(path), ROW + row);
    const { model, flags, isComplete, totals } = JSON.parse(
      await Deno.readTextFile(`${path}.run.json`),
    );
    assertEquals([model, flags, isComplete, totals.pictures], [
      ...[IDENTITY.model, IDENTITY.flags],
      ...[true, 2],
    ]);
  });
});

Deno.test("openRowFile() refuses rows that were made otherwise and leaves them be", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/rows.jsonl`;
    const other = { ...IDENTITY, version: "2.0.0" };
    const output = await openRowFile(path, FORMAT, other, false);
    await output.append(ROW);
    await output.close(noTotals(), true);
    await assertRejects(
      () => openRowFile(path, FORMAT, IDENTITY, false),
      Error,
      `Cannot append to ${path}: it was made with version 2.0.0, this is 1.2.3. Name another file`,
    );
    await Deno.remove(`${path}.run.json`);
    await assertRejects(
      () => openRowFile(path, FORMAT, IDENTITY, false),
      Error,
      `there is no ${path}.run.json to say what it was made with`,
    );
    assertEquals(await Deno.readTextFile(path), ROW);
    const anew = await openRowFile(path, FORMAT, IDENTITY, true);
    await anew.close(noTotals(), true);
    assertEquals(await Deno.readTextFile(path), "");
    assertStringIncludes(await Deno.readTextFile(`${path}.run.json`), '"version": "1.2.3"');
  });
});

Deno.test("openRowFile() lets one process write a file at a time", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/rows.jsonl`;
    const output = await openRowFile(path, FORMAT, IDENTITY, false);
    for (const overwrite of [false, true]) {
      await assertRejects(
        () => openRowFile(path, FORMAT, IDENTITY, overwrite),
        Error,
        `Cannot write ${path}: another process is writing it`,
      );
    }
    await output.close(noTotals(), true);
  });
});

Deno.test("openRowFile() says why a file cannot be written", async () => {
  await withFolder(async (folder) => {
    const open = (path: string) => openRowFile(path, FORMAT, IDENTITY, false);
    await assertRejects(() => open(folder), Error, `Cannot write ${folder}: it is a folder`);
    await assertRejects(() => open(`${folder}/no/x.jsonl`), Error, "its folder does not exist");
  });
});
