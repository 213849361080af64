import { assertEquals, assertRejects } from "@std/assert";
import { readRecord, type RunRecord } from "../../src/runs/record.ts";
import { annotated } from "../../src/runs/record.ts";
import { RunDirectoryError } from "../../src/runs/run_directory.ts";

const runs = new URL("../../docs/runs/", import.meta.url).pathname;

for (const { name } of Deno.readDirSync(runs)) {
  const { config } = JSON.parse(Deno.readTextFileSync(`${runs}${name}/config.json`));
  Deno.test(`readRecord() reads the run ${name}, with the recipe's values for later settings`, async () => {
    const record = await readRecord(`${runs}${name}`);
    assertEquals(record.config.epochs, config.epochs);
    assertEquals(record.config.ferPlusWeight, config.ferPlusWeight ?? 0);
    assertEquals(record.data.trainingImages, 28_709);
  });
}

Deno.test("annotated() never lets a note stand for what the trainer says", () => {
  const record = {
    libraryVersion: "1",
    config: { epochs: 3 },
    data: { source: "a", trainingImages: 5 },
  } as unknown as RunRecord;
  const noted = annotated(record, {
    command: ["deno", "task", "train"],
    places: { data: "a.csv", epochs: "9" },
    data: { counts: { Training: 5 }, source: "b" },
  });
  assertEquals(noted.config as unknown, { data: "a.csv", epochs: 3 });
  assertEquals(noted.data as unknown, { counts: { Training: 5 }, source: "a", trainingImages: 5 });
  assertEquals(noted.command, ["deno", "task", "train"]);
});

Deno.test("readRecord() names the file where it is no JSON object", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/config.json`, "[1]");
  await assertRejects(
    () => readRecord(folder),
    RunDirectoryError,
    `Cannot read ${folder}/config.json: it is damaged, it is no object`,
  );
  await Deno.remove(folder, { recursive: true });
});
