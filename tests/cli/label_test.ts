import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { drawnFaces, encodePng, type Image } from "../../src/data.ts";
import { buildFerCnn, saveModel } from "../../src/model.ts";
import { predict } from "../../src/predict.ts";
import { resize } from "../../src/transforms.ts";
import { runTask, taskCommand, withFolder } from "./run_task.ts";

tf.env().set("PROD", true); // no advice to install other backends
await tf.setBackend("cpu");

const faces = drawnFaces(8, 3);

/** A picture with some drawn faces beside each other, large enough to be found. */
function pictureOf(which: readonly number[]): Image {
  const side = 140;
  const [width, height] = [40 + 170 * Math.max(1, which.length), 200];
  const data = new Uint8Array(width * height).fill(100);
  which.forEach((index, place) => {
    const face = resize(faces.image(index), side, side).data;
    for (let y = 0; y < side; y++) {
      data.set(face.subarray(y * side, (y + 1) * side), (y + 30) * width + 30 + place * 170);
    }
  });
  return { data, width, height };
}

/** A folder with a model and pictures of 0 to 2 faces, one broken, one with an awkward name. */
async function writePictures(folder: string): Promise<void> {
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
  await saveModel(model, `${folder}/m.safetensors`);
  model.dispose();
  await Deno.mkdir(`${folder}/p/more`, { recursive: true });
  const pictures: Record<string, readonly number[]> = {
    "one.png": [0],
    "none.png": [],
    "more/two.png": [1, 2],
    'more/a, "b"\nc.png': [3],
    "more/two again.png": [4, 5],
  };
  for (const [name, which] of Object.entries(pictures)) {
    await Deno.writeFile(`${folder}/p/${name}`, await encodePng(pictureOf(which)));
  }
  await Deno.writeTextFile(`${folder}/p/broken.jpg`, "Dear Sir or Madam");
  await Deno.writeTextFile(`${folder}/p/notes.txt`, "Dear Sir or Madam");
  await Deno.writeFile(`${folder}/=1.png`, await encodePng(faces.image(6)));
}

const MODEL = ["--model=m.safetensors", "--batch-size=2"];

/** Path, faces and face of each row. */
function placesOf(rows: string): string[] {
  return rows.trimEnd().split("\n").map((row) => {
    const { path, faces, face, error } = JSON.parse(row);
    return error ? `${path}: ${error}` : `${path} ${face ?? 0}/${faces}`;
  });
}

const PLACES = [
  "p/broken.jpg: Cannot decode the image: expected JPEG, PNG or WebP, got bytes 44 65 61 72…",
  'p/more/a, "b"\nc.png 1/1',
  "p/more/two again.png 1/2",
  "p/more/two again.png 2/2",
  "p/more/two.png 1/2",
  "p/more/two.png 2/2",
  "p/none.png 0/0",
  "p/one.png 1/1",
];

Deno.test("label writes a row a face, whatever it is run with, and goes on where it was cut", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    const label = (...args: string[]) => runTask("label", [...args, ...MODEL], { cwd: folder });
    const first = await label("p", "--out=whole.jsonl");
    assertEquals([first.code, first.stdout], [0, ""], first.stderr);
    assertMatch(
      first.stderr,
      /^6 pictures in whole\.jsonl: 6 faces, 1 without a face, 1 error\n6 labelled in 0:\d\d, [\d.,]+ images\/s\nPassed over: 1 other file\n$/,
    );
    const whole = await Deno.readTextFile(`${folder}/whole.jsonl`);
    assertEquals(placesOf(whole), PLACES);
    const row = JSON.parse(whole.split("\n").at(-2) ?? "");
    assertEquals([row.width, row.height, row.quality.issues], [210, 200, []]);
    assert(Math.abs(row.box.x + row.box.width / 2 - 100) < 20, `${row.box.x} ${row.box.width}`);
    assertEquals(row.probabilities[row.label], row.probability);

    // As a crash would leave it: in the middle of a row, and between the rows of a picture.
    const bytes = new TextEncoder().encode(whole);
    const between = whole.indexOf("\n", whole.indexOf('"p/more/two.png"')) + 1;
    for (const [name, end] of [["row", between - 40], ["picture", between]] as const) {
      await Deno.writeFile(`${folder}/${name}.jsonl`, bytes.subarray(0, end));
      await Deno.copyFile(`${folder}/whole.jsonl.run.json`, `${folder}/${name}.jsonl.run.json`);
      const rest = await label("p", `--out=${name}.jsonl`, "--workers=0");
      assertEquals(rest.code, 0, rest.stderr);
      assertStringIncludes(rest.stderr, `${name}.jsonl has 3 pictures already: going on\n`);
      assertStringIncludes(rest.stderr, "3 labelled in ");
      assertEquals(await Deno.readTextFile(`${folder}/${name}.jsonl`), whole, name);
    }
    for (
      const [flag, difference] of [
        ["--max-faces=1", "--max-faces 50, this is --max-faces 1."],
        ["--tta", "no --tta, this is --tta."],
      ]
    ) {
      const other = await label("p", "--out=whole.jsonl", flag);
      assertEquals(other.code, 1);
      assertStringIncludes(
        other.stderr,
        `error: Cannot append to whole.jsonl: it was made with ${difference}`,
      );
    }
    assertEquals(await Deno.readTextFile(`${folder}/whole.jsonl`), whole);
  });
});

Deno.test("label shares pictures among processes: each in one, none left out", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    const parts = await Promise.all(
      [0, 1].map((i) =>
        runTask("label", ["p", "--out=-", `--shard=${i}/2`, ...MODEL], { cwd: folder })
      ),
    );
    const places = parts.flatMap(({ code, stdout, stderr }) => {
      assertEquals(code, 0, stderr);
      assert(stdout.length > 0);
      return placesOf(stdout);
    });
    assertEquals(places.sort(), PLACES.toSorted());
  });
});

Deno.test("label takes crops, lists and patterns, and writes CSV that no spreadsheet runs", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    await Deno.writeTextFile(`${folder}/list`, "p/gone.png\0=1.png\0p\0=1.png\0");
    const args = ["?1.png", "--list=list", "--null", "--crops", "--out=rows.csv", ...MODEL];
    const { code, stderr } = await runTask("label", args, { cwd: folder });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "3 pictures in rows.csv: 1 face, 0 without a face, 2 errors");
    const [names, crop, gone, aFolder, end] = (await Deno.readTextFile(`${folder}/rows.csv`))
      .split("\n");
    assertMatch(
      names,
      /^path,faces,face,error,width,height,label,probability,p_angry,.*p_neutral$/,
    );
    assertMatch(crop, /^\.\/=1\.png,1,1,,48,48,[a-z]+,0\.\d+(,[\d.]+){7}$/);
    assertMatch(gone, /^p\/gone\.png,,,Cannot read the file: there is no such file,+$/);
    assertMatch(aFolder, /^p,,,Cannot read the file: it is a folder,+$/);
    assertEquals(end, "");
  });
});

Deno.test("label averages views with --tta, of crops and of faces that it finds", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    const rowsOf = async (...args: string[]) => {
      const { code, stdout, stderr } = await runTask("label", [...args, "--out=-", ...MODEL], {
        cwd: folder,
      });
      assertEquals(code, 0, stderr);
      return stdout.trimEnd().split("\n").map((row) => JSON.parse(row));
    };
    const [crop] = await rowsOf("?1.png", "--crops", "--tta");
    const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
    for (const { label, probability } of await predict(model, faces.image(6), { tta: true })) {
      assertAlmostEquals(crop.probabilities[label], probability, 1e-4);
    }
    model.dispose();
    const [plain] = await rowsOf("p/one.png");
    const [averaged] = await rowsOf("p/one.png", "--tta");
    assertEquals(averaged.box, plain.box);
    assertNotEquals(averaged.probabilities, plain.probabilities);
  });
});

Deno.test("label leaves whole pictures when it is killed, and the next run the same rows", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    // Enough that some is left to do when it is heard of the first rows.
    const face = await Deno.readFile(`${folder}/p/more/two.png`);
    for (let i = 0; i < 40; i++) await Deno.writeFile(`${folder}/p/${i}.png`, face);
    const args = (out: string) => ["p", `--out=${out}`, ...MODEL];
    const size = async (out: string) =>
      await Deno.stat(`${folder}/${out}`).then(({ size }) => size, () => 0);
    const broken = async (signal: Deno.Signal): Promise<{ code: number; stderr: string }> => {
      const child = taskCommand("label", args("broken.jsonl"), { cwd: folder }).spawn();
      const before = await size("broken.jsonl");
      while (await size("broken.jsonl") <= before) await new Promise((r) => setTimeout(r, 5));
      child.kill(signal);
      const { code, stderr } = await child.output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    assertEquals((await broken("SIGKILL")).code, 137);
    const interrupted = await broken("SIGINT");
    assertEquals(interrupted.code, 130, interrupted.stderr);
    assertStringIncludes(interrupted.stderr, "Stopped before the end: the same command goes on\n");
    for (const out of ["broken.jsonl", "whole.jsonl"]) {
      const { code, stderr } = await runTask("label", args(out), { cwd: folder });
      assertEquals(code, 0, stderr);
      assertMatch(stderr, /^46 pictures in /m);
    }
    assertEquals(
      await Deno.readTextFile(`${folder}/broken.jsonl`),
      await Deno.readTextFile(`${folder}/whole.jsonl`),
    );
  });
});

Deno.test("label says in a line what it cannot do, before it leaves a file", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/empty`);
    const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
    await saveModel(model, `${folder}/m.safetensors`);
    model.dispose();
    const refused: ReadonlyArray<readonly [string[], number, string]> = [
      [["p"], 2, "Cannot label without --out FILE, or --out -"],
      [["--out=x.jsonl"], 2, "Cannot label nothing: name INPUTs, or files with --list FILE"],
      [["p", "--out=x.txt"], 2, "Cannot tell a format from --out x.txt: expected a name in .jsonl"],
      [["p", "--out=x.csv", "--shard=2/2"], 2, 'Cannot set --shard to "2/2": expected I/N'],
      [["p", "--out=x.csv", "--null"], 2, "Cannot read nulls with --null and no list"],
      [["p", "--out=x.csv", "--model=gone"], 1, "Cannot read model gone: no such file"],
      [["--list=gone", "--out=x.csv", MODEL[0]], 2, "Cannot read the list gone: there is no such"],
    ];
    for (const [args, expected, message] of refused) {
      const { code, stderr } = await runTask("label", args, { cwd: folder });
      assertStringIncludes(stderr, `error: ${message}`);
      assertEquals([code, stderr.trimEnd().split("\n").length], [expected, 1], stderr);
    }
    assertEquals(
      (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort(),
      ["empty", "m.safetensors"],
    );
    const nothing = await runTask("label", ["empty", "--out=-", MODEL[0]], { cwd: folder });
    assertEquals(nothing.code, 1);
    assertStringIncludes(
      nothing.stderr,
      "error: Cannot label nothing: there is no JPEG, PNG or WebP",
    );
    const errors = await runTask("label", ["gone.jpg", "--out=-", MODEL[0]], { cwd: folder });
    assertEquals(errors.code, 1);
    assertStringIncludes(errors.stderr, "error: Cannot label any of the pictures");
  });
});
