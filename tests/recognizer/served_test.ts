import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { servePackage } from "../pretrained/served_package.ts";
import { programFolder, tinyFiles, tinyWeights } from "../pretrained/tiny_package.ts";
import { photograph } from "./photograph.ts";

const FILES = ["blaze_face", "ultra_light"].map((name) => `src/recognizer/${name}.safetensors`);

Deno.test("FerRecognizer works as a registry serves the package, and offline after that", async () => {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const files = tinyFiles(await tinyWeights());
  for (const file of FILES) {
    files.set(file, await Deno.readFile(new URL(`../../${file}`, import.meta.url)));
  }
  const server = servePackage(files);
  const folder = await programFolder();
  const { host } = new URL(server.url);
  const run = async (...flags: string[]): Promise<string> => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--no-prompt",
        `--allow-import=${host}`,
        `--allow-read=${folder}`,
        ...flags,
      ]
        .concat(`${folder}/main.ts`),
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  try {
    const { width, height, data } = photograph;
    await Deno.writeFile(`${folder}/pixels`, Uint8Array.from(data));
    await Deno.writeTextFile(
      `${folder}/main.ts`,
      `import * as tf from "@tensorflow/tfjs";
      import { FerRecognizer } from "${server.url}/src/recognizer.ts";
      tf.env().set("PROD", true);
      await tf.setBackend("cpu");
      using recognizer = await FerRecognizer.load();
      const data = await Deno.readFile("${folder}/pixels");
      const faces = await recognizer.recognize({ data, width: ${width}, height: ${height} });
      console.log(faces.length, Math.round(faces[0].box.x), faces[0].probabilities.length);`,
    );
    assertEquals(await run(`--allow-net=${host}`), "1 88 7\n");
    for (const file of FILES) {
      assertEquals(server.requests.filter((path) => path === file).length, 1);
    }
    // What no one asked for is not loaded: neither training nor plots.
    assert(!server.requests.some((path) => /src\/(train|report|dashboard)/.test(path)));
    await server.close();
    assertEquals(await run("--cached-only"), "1 88 7\n");
  } finally {
    const cache = await caches.open("fer-core");
    for (const path of [...FILES, "src/pretrained/fernet.safetensors"]) {
      await cache.delete(`${server.url}/${path}`);
    }
    await Deno.remove(folder, { recursive: true });
  }
});
