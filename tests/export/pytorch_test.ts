import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { savePyTorch } from "../../src/export.ts";
import { pytorchProgram } from "../../src/export/pytorch_program.ts";
import { EMOTIONS } from "../../src/emotions.ts";
import {
  buildFerCnn,
  buildFerNet,
  CheckpointError,
  encodeModel,
  loadModel,
  readSafetensors,
  writeSafetensors,
} from "../../src/model.ts";
import { calibrate } from "../../src/model/description.ts";
import { readingOf } from "../../src/model/reading.ts";
import { predict } from "../../src/predict.ts";
import { findTorch } from "../find_torch.ts";
import { documented } from "./documented.ts";
import { assertClose, logitsOf, noise, normalized, seeminglyTrained } from "./networks.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const python = findTorch();

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fer-pytorch-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("docs/export.md shows the module that savePyTorch() writes", async () => {
  const programs = await documented("python");
  assertEquals(programs[2], pytorchProgram());
});

Deno.test("savePyTorch() copies a model file to the byte, and puts a module beside it", async () => {
  await inFolder(async (folder) => {
    const model = buildFerCnn({ filters: [2, 3], hidden: 4 });
    const bytes = await encodeModel(model, { dtype: "F16", metadata: { data: "drawn" } });
    await Deno.writeFile(`${folder}/best.safetensors`, bytes);
    for (const source of [`${folder}/best.safetensors`, bytes]) {
      // The second time it replaces its own.
      const paths = await savePyTorch(source, `${folder}/fer.safetensors`);
      assertEquals(paths, [`${folder}/fer.safetensors`, `${folder}/fer.py`]);
      assertEquals(await Deno.readFile(paths[0]), bytes);
      assertEquals(await Deno.readTextFile(paths[1]), pytorchProgram());
    }
    model.dispose();
  });
});

Deno.test("savePyTorch() has a file explain itself that does not", async () => {
  await inFolder(async (folder) => {
    const model = await seeminglyTrained(buildFerNet({ filters: [2, 3] }), 1);
    const { tensors } = readSafetensors(await encodeModel(model));
    await savePyTorch(writeSafetensors(tensors), `${folder}/fer.safetensors`);
    const written = readSafetensors(await Deno.readFile(`${folder}/fer.safetensors`));
    assertEquals(written.tensors, tensors);
    assertEquals(JSON.parse(written.metadata.architecture).name, "ferNet");
    model.dispose();
  });
});

Deno.test("savePyTorch() writes nothing over a module of somebody else's, or of a broken file", async () => {
  await inFolder(async (folder) => {
    const model = buildFerNet({ filters: [2, 3] });
    const bytes = await encodeModel(model);
    await Deno.writeTextFile(`${folder}/mine.py`, "import this\n");
    await assertRejects(
      () => savePyTorch(bytes, `${folder}/mine.safetensors`),
      CheckpointError,
      `Cannot write ${folder}/mine.py: it is there already, and not from an export`,
    );
    await Deno.writeFile(`${folder}/cut.safetensors`, bytes.subarray(0, bytes.length - 1));
    await assertRejects(
      () => savePyTorch(`${folder}/cut.safetensors`, `${folder}/fer.safetensors`),
      CheckpointError,
      `Cannot read ${folder}/cut.safetensors: tensor fc.bias ends at byte`,
    );
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(names, ["cut.safetensors", "mine.py"]);
    assertEquals(await Deno.readTextFile(`${folder}/mine.py`), "import this\n");
    model.dispose();
  });
});

Deno.test({
  name: "docs/export.md's programs for PyTorch give the network's logits, and convert a .pt file " +
    "that loadModel() reads (python)",
  ignore: python === undefined,
  fn: async () => {
    await inFolder(async (folder) => {
      const pixels = normalized(noise(2 * 48 * 48, 2));
      await Deno.writeFile(`${folder}/pixels`, new Uint8Array(pixels.buffer));
      const net = await seeminglyTrained(buildFerNet(), 3);
      calibrate(net, { temperature: 2 });
      await savePyTorch(await encodeModel(net), `${folder}/fer.safetensors`);
      // The temperature and the halves too have to arrive.
      const two = await seeminglyTrained(buildFerNet({ filters: [2, 3], ferPlus: true }), 5);
      const shares = Array.from({ length: 8 }, (_, k) => (k + 1) / 36);
      const even = new Array<number>(7).fill(1 / 7);
      calibrate(two, { temperature: 0.5, classShares: even }, { classShares: shares });
      await Deno.writeFile(`${folder}/two.safetensors`, await encodeModel(two));
      const cnn = await seeminglyTrained(buildFerCnn({ filters: [2, 3, 4], hidden: 5 }), 4);
      const half = await encodeModel(cnn, { dtype: "F16" });
      await Deno.writeFile(`${folder}/half.safetensors`, half);
      const { model: rounded } = await loadModel(half);

      const [program, withPackage, , conversion] = await documented("python");
      const child = new Deno.Command(python ?? "", {
        args: [new URL("./run_documented.py", import.meta.url).pathname],
        cwd: folder,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const programs = [program, withPackage, conversion];
      const task = JSON.stringify({ programs, others: ["half.safetensors", "two.safetensors"] });
      const writing = new Blob([task]).stream().pipeTo(child.stdin);
      const { success, stdout, stderr } = await child.output();
      const decoder = new TextDecoder();
      assert(success, decoder.decode(stderr));
      await writing;
      const answer = JSON.parse(decoder.decode(stdout));

      const expected = logitsOf(net, pixels, 2, 48);
      assertClose(answer.logits, expected, 1e-4);
      assertClose(answer.withPackage, expected, 1e-4);
      const softened = tf.tidy(() =>
        tf.softmax(tf.div(tf.tensor2d(expected, [2, 7]), 2)).dataSync()
      );
      assertClose(answer.probabilities, softened, 1e-5);
      assertEquals(
        answer.best,
        [0, 7].map((at) => {
          const row = [...expected.slice(at, at + 7)];
          return EMOTIONS[row.indexOf(Math.max(...row))];
        }),
      );
      assertClose(answer["half.safetensors"], logitsOf(rounded, pixels, 2, 48), 1e-4);
      assertClose(answer["two.safetensors"], logitsOf(two, pixels, 2, 48), 1e-4);
      const face = { width: 48, height: 48, data: noise(2 * 48 * 48, 2).slice(0, 48 * 48) };
      for (const labels of ["fer2013", "ferplus"] as const) {
        const ranked = await predict(two, face, { labels, priors: "uniform" });
        const { classes } = readingOf(two, { labels });
        assertClose(
          answer[`uniform ${labels}`],
          classes.map((name) => ranked.find((each) => each.label === name)?.probability ?? NaN),
          1e-5,
        );
      }
      two.dispose();
      const { model: author, metadata } = await loadModel(`${folder}/model.safetensors`);
      assertEquals(metadata.architecture.name, "ferCnn");
      assertClose(logitsOf(author, pixels, 2, 48), answer.author, 1e-4);
      for (const model of [net, cnn, rounded, author]) model.dispose();
    });
  },
});
