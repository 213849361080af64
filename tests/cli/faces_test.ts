import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { decodeImage, drawnFaces, encodePng } from "../../src/data.ts";
import { buildFerCnn, saveModel } from "../../src/model.ts";
import { ROOT, runTask, withFolder, writeTinyRecipe } from "./run_task.ts";

tf.env().set("PROD", true);

const PHOTOGRAPH = `${ROOT}tests/recognizer/astronaut.jpg`;

/** A small model's file, and pictures: a photograph, a drawn crop, a grey wall. */
async function writePictures(folder: string): Promise<void> {
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
  await saveModel(model, `${folder}/model.safetensors`);
  model.dispose();
  await Deno.copyFile(PHOTOGRAPH, `${folder}/photo.jpg`);
  await Deno.writeFile(`${folder}/crop.png`, await encodePng(drawnFaces(1, 3).image(0)));
  const wall = { data: new Uint8Array(200 * 150).fill(90), width: 200, height: 150 };
  await Deno.writeFile(`${folder}/wall.png`, await encodePng(wall));
}

/** A folder of data: as many crops a class, and the photograph among those that are happy. */
async function writeData(folder: string, crops: number): Promise<void> {
  const faces = drawnFaces(7 * crops, 3);
  for (let i = 0; i < faces.length; i++) {
    const home = `${folder}/data/train/${faces.classes[faces.labels[i]]}`;
    await Deno.mkdir(home, { recursive: true });
    await Deno.writeFile(`${home}/${i}.png`, await encodePng(faces.image(i)));
  }
  await Deno.mkdir(`${folder}/data/train/happy`, { recursive: true });
  await Deno.copyFile(PHOTOGRAPH, `${folder}/data/train/happy/photo.jpg`);
}

Deno.test("predict finds the face of a photograph, takes a crop whole, and refuses a wall", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    const files = ["photo.jpg", "crop.png", "wall.png", "--model", "model.safetensors"];
    const auto = await runTask("predict", [...files, "--json"], { cwd: folder });
    assertEquals(auto.code, 1);
    assertStringIncludes(auto.stderr, "error: Cannot find a face in wall.png");
    assertStringIncludes(
      auto.stderr,
      "3 pictures: 1 framed by the face that was found, 1 taken whole as a crop, " +
        "1 refused, since no face was found\n",
    );
    const [photo, crop] = auto.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    // MediaPipe's box, 0.18 of the picture's 256 pixels, lies about (113, 64).
    assert(Math.hypot(photo.crop.x - 113, photo.crop.y - 64) < 12, JSON.stringify(photo.crop));
    assertEquals(Object.keys(crop), ["file", "label", "probabilities"]);

    const whole = await runTask("predict", [...files, "--faces", "crop"], { cwd: folder });
    assertEquals([whole.code, whole.stderr], [0, ""]);
    assertMatch(whole.stdout, /^faces {2}3 pictures: 3 taken whole as crops$/m);
    const why = await runTask(
      "predict",
      ["photo.jpg", "--model", "model.safetensors", "--explain", "why.png"],
      { cwd: folder },
    );
    assertEquals([why.code, why.stderr], [0, ""]);
    const { width, height } = await decodeImage(await Deno.readFile(`${folder}/why.png`));
    assertEquals([width, height], [96, 96]);

    const wrong = await runTask("predict", [...files, "--faces=all"], { cwd: folder });
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.stderr, "auto or crop or find");
  });
});

Deno.test("train and evaluate say how many pictures of a folder they framed, and keep to it", async () => {
  await withFolder(async (folder) => {
    await writePictures(folder);
    await writeData(folder, 10);
    await writeTinyRecipe(`${folder}/tiny.json`, { epochs: 1 });
    const line = "71 pictures: 1 framed by the face that was found, 70 taken whole as crops";
    const train = ["--recipe", "tiny.json", "--data", "data"];
    const trained = await runTask("train", [...train, "--run-dir", "runs/a"], { cwd: folder });
    assertEquals([trained.code, trained.stderr], [0, ""]);
    assertMatch(trained.stdout, new RegExp(`^ {2}${line}$`, "m"));
    const { config } = JSON.parse(await Deno.readTextFile(`${folder}/runs/a/config.json`));
    assertEquals(config.faces, "auto");
    const longer = await runTask("train", ["--resume", "runs/a", "--epochs", "2"], { cwd: folder });
    assertEquals([longer.code, longer.stderr], [0, ""]);
    assertStringIncludes(longer.stdout, line);
    const other = await runTask("train", ["--resume", "runs/a", "--faces", "crop"], {
      cwd: folder,
    });
    assertEquals(other.code, 2);

    const evaluate = ["--data", "data", "--usage", "Training", "--model", "model.safetensors"];
    const auto = await runTask("evaluate", evaluate, { cwd: folder });
    assertEquals([auto.code, auto.stderr], [0, ""]);
    assertMatch(auto.stdout, new RegExp(`^faces {2}${line}$`, "m"));
    const json = await runTask("evaluate", [...evaluate, "--json"], { cwd: folder });
    assertEquals([json.code, json.stderr], [0, `${line}\n`]);
    assertEquals(JSON.parse(json.stdout).n, 71);
    const whole = await runTask("evaluate", [...evaluate, "--faces", "crop"], { cwd: folder });
    assertMatch(whole.stdout, /^faces {2}71 pictures: 71 taken whole as crops$/m);
  });
});
