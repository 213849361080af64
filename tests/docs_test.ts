import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { COMMAND_NAMES } from "../cli/commands.ts";
import { encodePng } from "../src/data.ts";
import { drawnFaces } from "../src/data/drawn.ts";
import { wilsonInterval } from "../src/metrics.ts";
import { buildFerNet, saveModel } from "../src/model.ts";
import manifest from "../deno.json" with { type: "json" };
import { ROOT, withFolder } from "./cli/run_task.ts";

/** The project's pages for people. */
async function pages(): Promise<string[]> {
  const found = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "MODEL_CARD.md"];
  for (const folder of ["docs", "recipes", "examples/server", "examples/webcam"]) {
    for await (const { name } of Deno.readDir(`${ROOT}${folder}`)) {
      if (name.endsWith(".md")) found.push(`${folder}/${name}`);
    }
  }
  return found.sort();
}

/** The anchor that a heading gets. */
const anchorOf = (heading: string): string =>
  heading.replace(/[`*]/g, "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").trim().toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "").replace(/ /g, "-");

function anchorsIn(text: string): Set<string> {
  const prose = text.replace(/^```[^]*?^```/gm, "");
  return new Set([...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading)));
}

Deno.test("no page has a link within the project that leads nowhere", async () => {
  let links = 0;
  for (const page of await pages()) {
    const text = await Deno.readTextFile(`${ROOT}${page}`);
    for (const [, target] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
      const [path, anchor] = target.split("#");
      const url = new URL(path || page.replace(/.*\//, ""), `file://${ROOT}${page}`);
      const isThere = await Deno.stat(url).then(() => true, () => false);
      assert(isThere, `${page}: ${target}`);
      if (anchor !== undefined) {
        assert(anchorsIn(await Deno.readTextFile(url)).has(anchor), `${page}: ${target}`);
      }
      links++;
    }
  }
  assert(links > 15);
});

Deno.test("every command and task that a page names is one", async () => {
  for (const page of await pages()) {
    if (page === "CHANGELOG.md") continue;
    const text = await Deno.readTextFile(`${ROOT}${page}`);
    for (const [, name] of text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][\w:-]*)/g)) {
      assert(Object.hasOwn(manifest.tasks, name), `${page}: deno task ${name}`);
    }
    for (const [, name] of text.matchAll(/(?:^|`)fer ([a-z]+)/gm)) {
      assert(COMMAND_NAMES.includes(name) || name === "help", `${page}: fer ${name}`);
    }
  }
});

Deno.test("docs/own-classes.md gives Wilson's interval of 36 in 40", async () => {
  const [low, high] = wilsonInterval(36, 40).map((bound) => Math.round(100 * bound));
  const text = await Deno.readTextFile(`${ROOT}docs/own-classes.md`);
  assertStringIncludes(text.replace(/\s+/g, " "), `36 right may be ${low} % to ${high} %`);
});

Deno.test({
  name: "the commands of docs/own-classes.md work one after the other, on drawn faces",
  fn: async () => {
    await tf.setBackend("cpu");
    const text = await Deno.readTextFile(`${ROOT}docs/own-classes.md`);
    const commands = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)]
      .flatMap(([, block]) => block.trim().split("\n"));
    await withFolder(async (folder) => {
      // In place of the packaged network, whose training takes minutes without a GPU.
      const tiny = buildFerNet({ filters: [4, 8] });
      await saveModel(tiny, `${folder}/tiny.safetensors`);
      tiny.dispose();
      const drawn = drawnFaces(70, 3);
      const names = { happy: ["smile", "ab"], sad: ["frown", "cd"] } as const;
      for (const [emotion, [name, letters]] of Object.entries(names)) {
        await Deno.mkdir(`${folder}/photos/${name}`, { recursive: true });
        const label = drawn.classes.indexOf(emotion);
        const places = [...drawn.labels.keys()].filter((i) => drawn.labels[i] === label);
        for (const [k, i] of places.slice(0, 10).entries()) {
          const ending = emotion === "happy" || k === 0 ? "jpg" : "png";
          await Deno.writeFile(
            `${folder}/photos/${name}/${letters[k] ?? k}.${ending}`,
            await encodePng(drawn.image(i)),
          );
        }
      }
      const run = async (command: string): Promise<string> => {
        const [program, ...args] = command.split(/\s+/);
        assertEquals(program, "fer");
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--config", `${ROOT}deno.json`, `${ROOT}cli/mod.ts`, ...args],
          cwd: folder,
          env: { FER2013: "", INIT_CWD: "", NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
        }).output();
        assertEquals(code, 0, `${command}: ${new TextDecoder().decode(stderr)}`);
        return new TextDecoder().decode(stdout);
      };
      let trained = 0;
      for (const command of commands) {
        if (command.startsWith("fer train")) {
          // The same in a moment, twice: the second one is what is compared with.
          const short = `${command} --max-steps 1 --batch-size 4 --workers 0`
            .replace("--init packaged", "--init tiny.safetensors");
          await run(short);
          await run(short.replace("runs/own", "runs/other"));
          trained++;
        } else {
          const output = await run(command);
          if (command.startsWith("fer predict")) assert(/c\.jpg {2}(smile|frown) /.test(output));
        }
      }
      assertEquals([trained, commands.length], [1, 7]);
      for (
        const name of ["runs/own/report.html", "why.png", "compare.html", "labels.csv", "own.onnx"]
      ) {
        assert((await Deno.stat(`${folder}/${name}`)).size > 100, name);
      }
    });
  },
});

Deno.test("no report in docs/runs shows a photograph, nor this or that machine's folders", async () => {
  const runs = new URL("../docs/runs/", import.meta.url);
  for await (const { name } of Deno.readDir(runs)) {
    const report = await Deno.readTextFile(new URL(`${name}/report.html`, runs));
    assertEquals(report.match(/data:image/g), null, `${name}: write it with --no-photos`);
    assertEquals(report.match(/(?:\/root|\/home|\/work)\/\S+/g), null, name);
  }
});
