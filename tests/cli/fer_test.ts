import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import manifest from "../../deno.json" with { type: "json" };
import { COMMAND_NAMES } from "../../cli/commands.ts";
import { decodeImage } from "../../src/data.ts";
import { servePackage } from "../pretrained/served_package.ts";
import { programFolder, tinyFiles, tinyWeights } from "../pretrained/tiny_package.ts";
import { ROOT, runTask, type TaskName, withFolder, writeTinyRecipe } from "./run_task.ts";

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `fer` of the clone, as one who stands in another folder. */
async function fer(args: readonly string[], cwd = ROOT): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", `${ROOT}deno.json`, `${ROOT}cli/mod.ts`, ...args],
    cwd,
    env: { FER2013: "", FERPLUS: "", INIT_CWD: "", NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("fer alone says in five lines what to do first", async () => {
  const { code, stdout, stderr } = await fer([]);
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.length, 5);
  assertStringIncludes(lines[1], "fer predict face.jpg");
  for (const line of lines) assert(line.length <= 100, line);
});

Deno.test("fer --version says the version of deno.json", async () => {
  for (const flag of ["--version", "-V"]) {
    assertEquals(await fer([flag]), { code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  }
});

Deno.test("fer --help and fer help list every command", async () => {
  const [long, word] = await Promise.all([fer(["--help"]), fer(["help"])]);
  assertEquals([long.code, long.stderr], [0, ""]);
  assertEquals(word, long);
  for (const name of COMMAND_NAMES) assertMatch(long.stdout, new RegExp(`^  ${name} +[A-Z]`, "m"));
});

Deno.test("fer refuses a command and a flag that there is not, naming the nearest", async () => {
  for (
    const [args, message] of [
      [["tran"], "There is no command tran: did you mean train? See fer --help"],
      [["server"], "There is no command server: did you mean serve? See fer --help"],
      [["constructor"], "There is no command constructor: did you mean"],
      [["help", "lable"], "There is no command lable: did you mean label? See fer --help"],
      [["--vresion"], "There is no flag --vresion: did you mean --version? See fer --help"],
      [["doctor", "--jsn"], "There is no flag --jsn: did you mean --json? See fer doctor --help"],
      [["serve", "--prot=1"], "There is no flag --prot: see fer serve --help"],
      [["evaluate", "x"], 'Cannot take "x": fer evaluate takes flags only'],
    ] as const
  ) {
    const { code, stdout, stderr } = await fer(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, `error: ${message}`);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  }
});

Deno.test("each command of fer explains itself, and never speaks of tasks", async () => {
  for (const name of COMMAND_NAMES) {
    const { code, stdout, stderr } = await fer([name, "--help"]);
    assertEquals([code, stderr], [0, ""], name);
    assertMatch(stdout, new RegExp(`^[A-Z][^]*\n\nUsage: fer ${name}[ \n]`), name);
    assertMatch(stdout, new RegExp(`\n\nExamples:\n  .*fer ${name}`), name);
    assertMatch(stdout, /--help +Show this help/);
    assertEquals(stdout.includes("deno task"), false, name);
  }
});

Deno.test("fer advises commands of its own, and tasks advise tasks", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/pictures`);
    const args = ["predict", "pictures", "--faces=crop"];
    const { code, stderr } = await fer(args, folder);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "Cannot read pictures: it is a folder, for fer label");
    const task = await runTask("predict", args.slice(1), { cwd: folder });
    assertStringIncludes(task.stderr, "it is a folder, for deno task label");
  });
});

Deno.test("each task that fer has as a command runs it, and says the same of it", () => {
  const tasks = Object.keys(manifest.tasks) as TaskName[];
  for (const name of COMMAND_NAMES) {
    if (["webcam", "serve", "completions"].includes(name)) continue;
    assert(tasks.includes(name as TaskName), name);
    assertMatch(manifest.tasks[name as TaskName].command, new RegExp(` cli/task\\.ts ${name}$`));
  }
});

Deno.test("docs/cli.md has the permissions that the tasks have", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/cli.md`);
  const rows = new Map(
    [...text.matchAll(/^\| `(\w+)` +\| `(--[^`]*)` *\|$/gm)].map((
      [, name, flags],
    ) => [name, flags]),
  );
  const commands = COMMAND_NAMES.filter((name) => name !== "completions");
  assertEquals([...rows.keys()].sort(), commands.toSorted());
  for (const [name, flags] of rows) {
    const { command } = manifest.tasks[(name === "serve" ? "server" : name) as TaskName];
    const words = command.split(" ").filter((word) => word.startsWith("--"));
    // Only tasks are run elsewhere than where the user stands.
    const own = words.map((word) => word.replace(/INIT_CWD,|,INIT_CWD/, ""));
    assertEquals(flags.split(" "), own, name);
  }
});

Deno.test("explain writes which parts of a face speak for an expression", async () => {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const { bytes } = await tinyWeights();
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/tiny.safetensors`, bytes);
    for (const name of ["a.png", "b.png"]) {
      await Deno.copyFile(`${ROOT}tests/cli/face.png`, `${folder}/${name}`);
    }
    const model = ["--model=tiny.safetensors", "--faces=crop"];
    const explain = (...args: string[]) => runTask("explain", [...model, ...args], { cwd: folder });
    const sizeOf = async (name: string) => {
      const { width, height, data } = await decodeImage(await Deno.readFile(`${folder}/${name}`));
      return [width, height, data.length];
    };
    const one = await explain("a.png", "--label=sad", "--out=why.png");
    assertEquals([one.code, one.stderr], [0, ""]);
    assertMatch(
      one.stdout,
      /^a\.png {2}[a-z]+ [\d.]+ %; (what|nothing) speaks for sad: why\.png$/m,
    );
    assertEquals(await sizeOf("why.png"), [48, 48, 4 * 48 * 48]);
    const here = await explain("a.png");
    assertEquals(here.code, 0, here.stderr);
    assertEquals(await sizeOf("a.why.png"), [48, 48, 4 * 48 * 48]);
    const several = await explain("a.png", "gone.png", "b.png", "--out=why");
    assertEquals(several.code, 1);
    assertStringIncludes(several.stderr, "error: Cannot read gone.png: no such file");
    for (const name of ["why/a.why.png", "why/b.why.png"]) await sizeOf(name);
    for (
      const [args, message] of [
        [[], "Cannot explain nothing: name one FILE or more"],
        [["a.png", "--out=a.png"], "it is one of the pictures, which would be lost"],
        [["a.png", "--out=why.jpg"], "Cannot write why.jpg: an explanation is a PNG file"],
        [["a.png", "b.png", "--out=why.png"], "they need a folder, --out DIR"],
        [["a.png", "why/../a.png"], "Cannot write a.why.png for why/../a.png: it is for a.png"],
        [["a.png", "--label=sda"], 'Cannot set --label to "sda": expected angry, '],
      ] as const
    ) {
      const { code, stderr } = await explain(...args);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, message);
    }
  });
});

const BASH = `
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_fer
printf '%s\\n' "\${COMPREPLY[@]}"`;

async function hasShell(name: string): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args: ["-c", "true"] }).output()).success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "bash completes commands, flags and choices (bash)",
  ignore: !await hasShell("bash"),
  fn: async () => {
    const { code, stdout: script, stderr } = await fer(["completions", "bash"]);
    assertEquals([code, stderr], [0, ""]);
    await withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/fer.bash`, script);
      const complete = async (...words: string[]): Promise<string[]> => {
        const { stdout } = await new Deno.Command("bash", {
          args: ["-c", BASH, "bash", `${folder}/fer.bash`, "fer", ...words],
        }).output();
        return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
      };
      assertEquals(await complete("e"), ["explain", "evaluate", "export"]);
      assertEquals(await complete("train", "--weight"), ["--weight-decay"]);
      assertEquals(await complete("train", "--monitor", ""), ["f1", "loss"]);
      assertEquals(await complete("serve", "--max-b"), ["--max-batch", "--max-body"]);
      assertEquals(await complete("completions", "f"), ["fish"]);
      assertEquals(await complete("help", "pre"), ["predict"]);
      // Nothing of its own: bash takes files.
      assertEquals(await complete("predict", "fa"), []);
    });
  },
});

for (const [shell, check] of [["zsh", ["-n"]], ["fish", ["--no-execute"]]] as const) {
  Deno.test({
    name: `${shell} can read its completions (${shell})`,
    ignore: !await hasShell(shell),
    fn: async () => {
      const { stdout: script } = await fer(["completions", shell]);
      await withFolder(async (folder) => {
        await Deno.writeTextFile(`${folder}/script`, script);
        const { code, stderr } = await new Deno.Command(shell, {
          args: [...check, `${folder}/script`],
        }).output();
        assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
      });
    },
  });
}

Deno.test("fer works as a registry serves the package, with an empty home, offline after that", async () => {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const files = tinyFiles(await tinyWeights());
  const server = servePackage(files);
  const folder = await programFolder();
  const { stdout: info } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
    .output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(info));
  const home = `${folder}/home`;
  await Deno.mkdir(home);
  const run = async (flags: readonly string[], args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...["--quiet", "--no-prompt", "--config=deno.json"], ...flags]
        .concat(`${server.url}/cli/mod.ts`, ...args),
      cwd: folder,
      clearEnv: true,
      env: {
        ...{ DENO_DIR: denoDir, HOME: home, NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
        // Programs that a software driver has compiled: minutes are spared, no file of the home.
        MESA_SHADER_CACHE_DIR: `${Deno.env.get("HOME")}/.cache`,
      },
      stdin: "null",
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], args.join(" "));
    return new TextDecoder().decode(stdout);
  };
  const { host } = new URL(server.url);
  // Where code may come from by default, and the server.
  const sources = `--allow-import=${host},jsr.io:443`;
  const own = ["--allow-read", "--allow-write", "--allow-env", sources];
  const net = [...own, `--allow-net=${host}`];
  try {
    await Deno.copyFile(`${ROOT}tests/cli/face.png`, `${folder}/face.png`);
    const crop = ["face.png", "--faces=crop"];
    assertStringIncludes(await run(net, []), "fer predict face.jpg");
    const predicted = await run(net, ["predict", ...crop]);
    assertMatch(predicted, /^model {2}the packaged network\nface\.png {2}[a-z]+ /);
    await run(net, ["explain", ...crop, "--out=why.png"]);
    await run(net, ["export", "--format=onnx", "--out=fer.onnx", "--model=packaged"]);
    await writeTinyRecipe(`${folder}/tiny.json`, { workers: 1 });
    await run(net, ["train", "--recipe=tiny.json", "--fast-dev-run", "--run-dir=run"]);
    const { command } = JSON.parse(await Deno.readTextFile(`${folder}/run/config.json`));
    assertEquals(command.slice(0, 3), ["fer", "train", "--recipe=tiny.json"]);
    await server.close();
    const offline = ["--cached-only", ...own];
    assertEquals(await run(offline, ["predict", ...crop]), predicted);
    assertMatch(await run(offline, ["report", "run"]), /^run\/report\.html$/m);
  } finally {
    await server.close().catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
});
