import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { modelFile } from "../../cli/choose_model.ts";
import { buildFerCnn, saveModel } from "../../src/model.ts";
import { hasPretrained } from "../../src/pretrained.ts";
import { copyPackage, programFolder, tinyWeights } from "../pretrained/tiny_package.ts";
import { runTask, withFolder, writeFaces } from "./run_task.ts";

const FACE = new URL("./face.png", import.meta.url);

/** Writes runs as training leaves them, the first one oldest. */
async function writeRuns(
  folder: string,
  configs: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tf.setBackend("cpu");
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4 });
  let time = 1_700_000_000;
  for (const [name, config] of Object.entries(configs)) {
    const run = `${folder}/runs/${name}`;
    await Deno.mkdir(run, { recursive: true });
    await Deno.writeTextFile(`${run}/config.json`, JSON.stringify(config));
    await saveModel(model, `${run}/best.safetensors`);
    await Deno.utime(`${run}/best.safetensors`, time, time);
    time += 1_000;
  }
  model.dispose();
}

const PHOTOS = { config: {}, data: { source: "fer2013.csv.gz" } };

Deno.test("predict takes the newest run, but none that only tried things out", async () => {
  await withFolder(async (folder) => {
    await writeRuns(folder, {
      older: PHOTOS,
      newer: PHOTOS,
      drawn: { config: {}, data: { source: "drawnFaces(1400, 42)" } },
      quick: { ...PHOTOS, config: { fastDevRun: true } },
    });
    await Deno.copyFile(FACE, `${folder}/face.png`);
    const modelOf = async (...args: string[]) => {
      const { code, stdout, stderr } = await runTask("predict", ["face.png", ...args], {
        cwd: folder,
      });
      assertEquals([code, stderr], [0, ""]);
      return stdout.split("\n", 1)[0];
    };
    assertEquals(await modelOf(), "model  runs/newer/best.safetensors");
    assertEquals(await modelOf("--model=runs/drawn/"), "model  runs/drawn/best.safetensors");
    for (const name of ["older", "newer"]) {
      await Deno.remove(`${folder}/runs/${name}`, { recursive: true });
    }
    const last = hasPretrained() ? "the packaged network" : "runs/quick/best.safetensors";
    assertEquals(await modelOf(), `model  ${last}`);
  });
});

Deno.test({
  name: "modelFile() knows where the packaged network is",
  ignore: !hasPretrained(),
  fn: async () => {
    const { isFile } = await Deno.stat(new URL(await modelFile("packaged", "--init")));
    assertEquals(isFile, true);
  },
});

Deno.test("predict says where to get a model when there is none", async () => {
  await withFolder(async (folder) => {
    await Deno.copyFile(FACE, `${folder}/face.png`);
    const { code, stdout, stderr } = await runTask("predict", ["face.png"], { cwd: folder });
    if (hasPretrained()) {
      assertEquals([code, stderr], [0, ""]);
      assertStringIncludes(stdout, "model  the packaged network\n");
    } else {
      assertEquals(code, 1);
      assertMatch(stderr, /^error: Cannot find a model: .*deno task train, or give --model FILE$/m);
    }
  });
});

Deno.test("predict, evaluate and report take the packaged network where no run is there", async () => {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const folder = await programFolder();
  try {
    await copyPackage(await tinyWeights(), folder);
    await writeFaces(`${folder}/faces.csv`, 70);
    await Deno.copyFile(FACE, `${folder}/face.png`);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-A", ...args],
        cwd: folder,
        env: { FER2013: "", INIT_CWD: "", NO_COLOR: "1" },
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], args[0]);
      return new TextDecoder().decode(stdout);
    };
    assertMatch(
      await run("cli/predict.ts", "face.png"),
      /^model {2}the packaged network\nface\.png {2}[a-z]+ /,
    );
    assertMatch(
      await run("cli/evaluate.ts", "--data=faces.csv"),
      /^model {2}the packaged network\n/,
    );
    assertEquals(
      await run("cli/report.ts", "--data=faces.csv", "--no-photos"),
      "runs/packaged/report.html\n",
    );
    const report = await Deno.readTextFile(`${folder}/runs/packaged/report.html`);
    assertStringIncludes(report, "<!doctype html>");
    assertEquals(report.includes("best.safetensors is missing"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
