import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodePng } from "../../src/data.ts";
import { ROOT, runTask, type TaskName, withFolder, writeFaces } from "./run_task.ts";

const FACE = new URL("face.png", import.meta.url);

async function errorOf(task: TaskName, args: string[], options = {}): Promise<string> {
  const { code, stderr } = await runTask(task, args, options);
  assertEquals(code === 0, false, stderr);
  return stderr;
}

Deno.test("predict does not write an explanation over its picture, however that is named", async () => {
  await withFolder(async (folder) => {
    const face = `${folder}/face.png`;
    await Deno.copyFile(FACE, face);
    await Deno.link(face, `${folder}/hard.png`);
    await Deno.symlink(face, `${folder}/soft.png`);
    for (const name of ["face.png", "./face.png", "hard.png", "soft.png"]) {
      const stderr = await errorOf("predict", [face, "--explain", `${folder}/${name}`]);
      assertStringIncludes(stderr, "it is the picture itself, which would be lost");
    }
    assertEquals(await Deno.readFile(face), await Deno.readFile(FACE));
  });
});

Deno.test("label does not write rows over its list, a picture or a model", async () => {
  await withFolder(async (folder) => {
    const face = `${folder}/face.png`;
    await Deno.copyFile(FACE, face);
    const list = `${folder}/list.csv`;
    await Deno.writeTextFile(list, `${face}\n`);
    await Deno.symlink(list, `${folder}/other.csv`);
    await Deno.copyFile(list, `${folder}/rows.jsonl.run.json`);
    const label = (...args: string[]) => errorOf("label", [...args, "--overwrite"]);
    const lost = "it is the list of pictures, which would be lost";
    assertStringIncludes(await label("--list", list, "--out", list), lost);
    assertStringIncludes(await label("--list", list, "--out", `${folder}/other.csv`), lost);
    const beside = `${folder}/rows.jsonl`;
    assertStringIncludes(await label("--list", `${beside}.run.json`, "--out", beside), lost);
    assertStringIncludes(
      await label(face, "--format", "csv", "--out", face),
      "by its name it is a picture",
    );
    assertStringIncludes(
      await label(face, "--model", list, "--out", list),
      "it is the model, which would be lost",
    );
    assertEquals(await Deno.readTextFile(list), `${face}\n`);
    assertEquals(await Deno.readFile(face), await Deno.readFile(FACE));
  });
});

Deno.test("export does not write over its model", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/m.safetensors`;
    await Deno.writeTextFile(file, "weights");
    const args = ["--format", "pytorch", "--model", file, "--out", file];
    assertStringIncludes(await errorOf("export", args), "it is the model itself");
    assertEquals(await Deno.readTextFile(file), "weights");
  });
});

Deno.test("tasks read and write where the command was given", async () => {
  await withFolder(async (folder) => {
    const env = { INIT_CWD: folder };
    await Deno.writeFile(
      `${folder}/grey.png`,
      await encodePng({ data: new Uint8Array(48 * 48).fill(90), width: 48, height: 48 }),
    );
    const args = ["grey.png", "--crops", "--out", "rows.jsonl", "--model", "packaged"];
    const { code, stderr } = await runTask("label", args, { env });
    assertEquals([code, code && stderr], [0, 0]);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/rows.jsonl`)).path, "grey.png");
    // A program that is run by itself is where it is.
    assertStringIncludes(
      await errorOf("predict", ["grey.png"], { env, cwd: `${ROOT}/tests` }),
      "Cannot read grey.png: no such file",
    );
  });
});

Deno.test("tasks do not try to reach into the net", async () => {
  const address = "https://example.com/x/fer2013.csv";
  assertEquals(
    await errorOf("evaluate", ["--data", address]),
    `error: Cannot read ${address}: tasks do not reach into the net. Download it first, and give ` +
      `--data the file: curl -LO ${address}\n`,
  );
  assertStringIncludes(
    await errorOf("predict", [FACE.pathname, "--model", address]),
    `give --model the file: curl -LO ${address}`,
  );
  assertStringIncludes(
    await errorOf("train", ["--init", address]),
    `give --init the file: curl -LO ${address}`,
  );
});

Deno.test("train says that a folder is too small to validate on", async () => {
  await withFolder(async (folder) => {
    for (const name of ["calm", "glad"]) {
      await Deno.mkdir(`${folder}/data/${name}`, { recursive: true });
      for (const i of [1, 2, 3]) await Deno.copyFile(FACE, `${folder}/data/${name}/${i}.png`);
    }
    assertEquals(
      await errorOf("train", ["--data", `${folder}/data`, "--run-dir", `${folder}/run`]),
      `error: Cannot validate on ${folder}/data: a tenth of each class is set apart for it, and 6 ` +
        "images of 2 classes are too few. Add images, at least 5 of a class, or a folder validation\n",
    );
    assertEquals(await Deno.stat(`${folder}/run`).catch(() => null), null);
  });
});

Deno.test("train --init takes a run's folder, and says what it lacks", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/fer.csv`, 35);
    await Deno.mkdir(`${folder}/run`);
    const args = ["--data", `${folder}/fer.csv`, "--init", `${folder}/run/`];
    assertStringIncludes(
      await errorOf("train", [...args, "--run-dir", `${folder}/new`]),
      `Cannot read model ${folder}/run/best.safetensors: no such file`,
    );
    assertStringIncludes(
      await errorOf("predict", [`${folder}/run`]),
      `Cannot read ${folder}/run: it is a folder, for deno task label`,
    );
  });
});
