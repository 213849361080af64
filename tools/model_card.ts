/**
 * `deno task model-card`: writes MODEL_CARD.md from what evaluation left.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import manifest from "../deno.json" with { type: "json" };
import { writeFileAtomic } from "../src/model.ts";
import { renderCard } from "./model_card/card.ts";
import { readSources } from "./model_card/sources.ts";

const COMMAND = {
  name: "model-card",
  about: "Write MODEL_CARD.md from the evaluation's files. No figure in it is typed.",
  flags: {
    run: {
      kind: "string",
      value: "DIR",
      default: "docs/runs/fernet-42-4",
      about: "The run: config.json, metrics.jsonl, evaluation.json",
    },
    weights: {
      kind: "string",
      value: "FILE",
      default: "src/pretrained/fernet.safetensors",
      about: "The packaged weights",
    },
    accuracy: {
      kind: "string",
      value: "FILE",
      about: "What bench:accuracy --usage PublicTest --json printed",
      otherwise: "accuracy.json of the run",
    },
    private: {
      kind: "string",
      value: "FILE",
      about: "The same of PrivateTest",
      otherwise: "accuracy-private.json of the run, if it is there",
    },
    faces: {
      kind: "string",
      value: "FILE",
      about: "What faces-figures measured on other people's pictures",
      otherwise: "faces.json of the run, if it is there",
    },
    out: { kind: "string", value: "FILE", default: "MODEL_CARD.md", about: "Where to write" },
  },
} as const satisfies Command;

await runProgram(COMMAND, async ({ run, weights, accuracy, private: given, faces, out }) => {
  const ifThere = async (path: string): Promise<string | null> =>
    await Deno.stat(path).then(() => path, () => null);
  const sources = await readSources({
    run,
    weights,
    accuracy: accuracy ?? `${run}/accuracy.json`,
    privateAccuracy: given ?? await ifThere(`${run}/accuracy-private.json`),
    readings: await ifThere(`${run}/readings.json`),
    faces: faces ?? await ifThere(`${run}/faces.json`),
  });
  const { license, name: library } = manifest;
  const text = renderCard(sources, { license, library });
  await writeFileAtomic(out, new TextEncoder().encode(text));
  print(out);
});
