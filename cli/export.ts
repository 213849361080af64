/**
 * `fer export`: a model for another runtime.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import manifest from "../deno.json" with { type: "json" };
import { saveOnnx, savePyTorch, saveTfjs } from "../src/export.ts";
import { chooseModel, MODEL_FLAG } from "./choose_model.ts";
import { type Command, UsageError } from "./flags.ts";
import { count } from "./numbers.ts";
import { defineProgram, EXIT, print, type Program } from "./program.ts";
import { refuseSameFile } from "./same_file.ts";

/** What the name of each format's file ends in; a folder's may end in anything else. */
const ENDINGS = { onnx: ".onnx", pytorch: ".safetensors", tfjs: null } as const;

type Format = keyof typeof ENDINGS;

const COMMAND = {
  name: "export",
  about:
    "Write a model for ONNX Runtime, PyTorch or plain tfjs. What each file is and how to use it:\n" +
    "docs/export.md.",
  flags: {
    format: {
      kind: "choice",
      choices: Object.keys(ENDINGS) as Format[],
      about: "For whom",
    },
    out: {
      kind: "string",
      value: "PATH",
      about: "What to write: a file NAME.onnx, a file NAME.safetensors (and NAME.py), a new folder",
    },
    model: MODEL_FLAG,
    preprocess: {
      kind: "boolean",
      about: "ONNX only: take pictures of any size, as bytes, and give probabilities",
    },
  },
  examples: [
    "deno task export --format onnx --out fer.onnx",
    "deno task export --format tfjs --out fer-tfjs --model runs/first",
  ],
} as const satisfies Command;

/** Refuses a name that belongs to another format, or to none. */
function checkName(format: Format, out: string): void {
  const ending = ENDINGS[format];
  const isRight = ending === null
    ? !Object.values(ENDINGS).some((each) => each !== null && out.endsWith(each))
    : out.endsWith(ending) && !/(^|[/\\])\.\w+$/.test(out);
  if (isRight) return;
  throw new UsageError(
    `Cannot export ${format} as ${out}: ` +
      (ending === null ? "it is a folder, name it otherwise" : `expected NAME${ending}`),
  );
}

async function sizeOf(path: string): Promise<number> {
  const info = await Deno.stat(path);
  if (!info.isDirectory) return info.size;
  let size = 0;
  for await (const { name } of Deno.readDir(path)) size += await sizeOf(`${path}/${name}`);
  return size;
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ format, out, model: given, preprocess }) => {
    if (format === undefined) {
      throw new UsageError(
        `Cannot export: --format is missing, one of ${Object.keys(ENDINGS).join(", ")}`,
      );
    }
    if (out === undefined) throw new UsageError("Cannot export: --out PATH is missing");
    if (preprocess && format !== "onnx") {
      throw new UsageError(`Cannot export ${format} with --preprocess: only onnx can hold it`);
    }
    checkName(format, out);
    const chosen = await chooseModel(given);
    await refuseSameFile(out, [["the model itself", chosen.source]]);
    // Weights are copied, not computed with.
    tf.env().set("PROD", true);
    await tf.setBackend("cpu");
    const loaded = await chosen.load();
    const license = chosen.isPackaged ? manifest.license : undefined;
    let paths: string[] = [out];
    if (format === "onnx") await saveOnnx(loaded, out, { preprocess, license });
    else if (format === "tfjs") await saveTfjs(loaded, out, { license });
    else paths = await savePyTorch(chosen.source, out);
    loaded.model.dispose();
    print(`model  ${chosen.name}`);
    for (const path of paths) print(`${path}  ${count(await sizeOf(path))} bytes`);
    return EXIT.ok;
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
