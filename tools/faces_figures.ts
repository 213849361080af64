/**
 * `deno task faces-figures`: measures the packaged network on other people's pictures, and writes the
 * figures into a run's `faces.json`, the documents and the model card.
 *
 * @module
 */
import { type Command, UsageError } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import { writeFileAtomic } from "../src/model.ts";
import { FERNET } from "../src/pretrained/fernet.ts";
import { readFaceFigures } from "./faces_figures/figures.ts";
import { facesText, withFigures } from "./faces_figures/text.ts";

const COMMAND = {
  name: "faces-figures",
  about:
    "Run bench:faces on two folders, and write what it finds into faces.json of the packaged network's\n" +
    "run, docs/recognizer.md and MODEL_CARD.md. Without folders, write the documents anew from the file.",
  flags: {
    run: {
      kind: "string",
      value: "DIR",
      default: "docs/runs/fernet-42-4",
      about: "The packaged network's run",
    },
    pictures: { kind: "string", value: "FOLDER", about: "Pictures whose faces are known" },
    boxes: { kind: "string", value: "FILE", about: "Where these faces are, as JSON" },
    expressions: { kind: "string", value: "FOLDER", about: "A folder of pictures an expression" },
    document: {
      kind: "string",
      value: "FILE",
      default: "docs/recognizer.md",
      about: "The document with the figures",
    },
  },
  examples: [
    "deno task faces-figures --pictures wider/pictures --boxes wider/boxes.json --expressions wild",
    "deno task faces-figures",
  ],
} as const satisfies Command;

const ROOT = new URL("../", import.meta.url);

/** Runs Deno; what it prints is given back. */
async function deno(args: readonly string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    stderr: "inherit",
  }).output();
  if (code === 0) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot get figures: deno ${args.join(" ")} ended with ${code}`);
}

/** Runs one of the project's programs; what it prints is given back. */
const output = (script: string, args: readonly string[]): Promise<string> =>
  deno(["run", "-A", "--no-prompt", new URL(script, ROOT).pathname, ...args]);

/** What `bench:faces` prints, but for names of pictures. */
async function measure(args: readonly string[]): Promise<Record<string, unknown>> {
  const { unreadable, ...figures } = JSON.parse(
    await output("bench/faces.ts", [...args, "--json"]),
  );
  return { ...figures, unreadable: unreadable.length };
}

await runProgram(COMMAND, async ({ run, pictures, boxes, expressions, document }) => {
  const path = `${run}/faces.json`;
  const given = [pictures, boxes, expressions].filter((each) => each !== undefined);
  if (given.length > 0) {
    if (pictures === undefined || boxes === undefined || expressions === undefined) {
      throw new UsageError("Cannot measure: give --pictures, --boxes and --expressions together");
    }
    if (!FERNET) {
      throw new Error("Cannot measure: no network is packaged; run deno task package-weights");
    }
    const figures = {
      weights: FERNET.sha256,
      finding: await measure(["--data", pictures, "--boxes", boxes]),
      telling: await measure(["--data", expressions]),
    };
    const text = JSON.stringify(figures, null, 2) + "\n";
    await writeFileAtomic(path, new TextEncoder().encode(text));
    print(path);
  }
  const figures = await readFaceFigures(path);
  const text = withFigures(await Deno.readTextFile(document), facesText(figures));
  await writeFileAtomic(document, new TextEncoder().encode(text));
  await deno(["fmt", "--quiet", document]);
  print(document);
  print((await output("tools/model_card.ts", ["--run", run])).trimEnd());
});
