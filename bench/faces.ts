/**
 * `deno task bench:faces`: how well faces are found in people's own pictures, and their expressions
 * told, beside human and face-api.
 *
 * Every recognizer is a process of its own. They are given each picture in turns, so that what else
 * the machine does hits all alike.
 *
 * @module
 */
import { type Command, UsageError } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { VERSION } from "../src/version.ts";
import { facesOf, findPictures, parseBoxes, type Picture } from "./faces/pictures.ts";
import { type Answer, type FaceScore, scoreOf } from "./faces/score.ts";
import { faceTables } from "./faces/tables.ts";
import type { Unreadable } from "./faces/take_part.ts";
import { type CommandLine, PeerError, type RunningPeer, startPeer } from "./peers/process.ts";

const COMMAND = {
  name: "bench:faces",
  about:
    "Measure how well this library, @vladmandic/human and @vladmandic/face-api find the faces of\n" +
    "pictures and tell their expressions. Where faces are is what --boxes says:\n" +
    '{"party.jpg": [{"box": [x, y, width, height], "invalid": false}]}. Pictures in a folder with\n' +
    "the name of an expression are of a face that shows it.",
  flags: {
    data: { kind: "string", value: "FOLDER", about: "The pictures, JPEG or PNG, also in folders" },
    boxes: { kind: "string", value: "FILE", about: "Where faces are, as JSON" },
    backend: {
      kind: "choice",
      choices: ["wasm", "webgpu", "cpu"],
      default: "wasm",
      about: "What computes, for all: face-api cannot use webgpu here",
    },
    peers: {
      kind: "string",
      value: "NAMES",
      about: "Which others, with commas between them, or none",
      otherwise: "human,face-api",
    },
    limit: { kind: "integer", value: "N", min: 1, about: "Only so many pictures, from all over" },
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
  },
  examples: [
    "deno task bench:faces --data pictures --boxes boxes.json",
    "deno task bench:faces --data expressions --backend webgpu --json",
  ],
} as const satisfies Command;

/** Everyone: a name for the JSON, one for people, and what to start. */
const READERS = {
  ours: { title: "this library", file: "ours.ts", args: ["plain"] },
  oursTta: { title: "this library, test-time augmentation", file: "ours.ts", args: ["tta"] },
  human: { title: "human", file: "human.ts", args: [] },
  faceApi: { title: "face-api", file: "face_api.ts", args: [] },
} as const;

type ReaderName = keyof typeof READERS;

/** What the others are called on the command line. */
const PEERS: Readonly<Record<string, ReaderName>> = { "human": "human", "face-api": "faceApi" };

/** Who is wanted. */
function wanted(text: string | undefined): ReaderName[] {
  const names = text === "none"
    ? []
    : text?.split(",").map((name) => name.trim()) ?? Object.keys(PEERS);
  const unknown = names.find((name) => !Object.hasOwn(PEERS, name));
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no peer "${unknown}": expected some of ${Object.keys(PEERS)}, or none`,
    );
  }
  return ["ours", "oursTta", ...names.map((name) => PEERS[name])];
}

function commandOf(name: ReaderName, list: string, backend: string): CommandLine {
  const { file, args } = READERS[name];
  const path = new URL(`./faces/${file}`, import.meta.url).pathname;
  const permissions = ["--no-prompt", "--allow-read", "--allow-env", "--allow-sys"];
  return [Deno.execPath(), "run", "--quiet", ...permissions, path, list, backend, ...args];
}

/** Every n-th, so that all folders take part. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor(i * items.length / most)]);
}

interface Runner {
  readonly name: ReaderName;
  readonly peer: RunningPeer;
  readonly answers: Answer[];
}

interface Outcome {
  readonly scores: Partial<Record<ReaderName, FaceScore>>;
  readonly versions: Partial<Record<ReaderName, string>>;
  readonly missing: { readonly name: ReaderName; readonly why: string }[];
  readonly unreadable: { readonly name: string; readonly why: string }[];
  readonly adapter: string | null;
}

/** Has everyone look at every picture, in turns; who fails is left out from then on. */
async function compare(
  names: readonly ReaderName[],
  pictures: readonly Picture[],
  start: (name: ReaderName) => CommandLine,
  score: (pictures: readonly Picture[], answers: readonly Answer[]) => FaceScore,
  onProgress: (text: string) => void,
): Promise<Outcome> {
  const missing: Outcome["missing"] = [];
  const unreadable: Outcome["unreadable"] = [];
  const read: Picture[] = [];
  const running = new Set<Runner>();
  const leave = async (runner: Runner, error: unknown): Promise<void> => {
    if (!(error instanceof PeerError)) throw error;
    missing.push({ name: runner.name, why: error.message });
    running.delete(runner);
    await runner.peer.end();
  };
  try {
    let adapter: string | null = null;
    for (const name of names) {
      onProgress(`starting ${READERS[name].title}`);
      try {
        const peer = await startPeer(name, start(name));
        running.add({ name, peer, answers: [] });
        adapter ??= await peer.ask<string>("adapter");
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        missing.push({ name, why: error.message });
      }
    }
    for (const [i, picture] of pictures.entries()) {
      onProgress(`picture ${i + 1} of ${pictures.length}`);
      let why: string | null = null;
      for (const runner of [...running]) {
        try {
          const answer = await runner.peer.ask<Answer | Unreadable>("next");
          if (!answer) throw new PeerError("it does not answer");
          if ("unreadable" in answer) why = answer.unreadable;
          else runner.answers.push(answer);
        } catch (error) {
          await leave(runner, error);
        }
      }
      if (why === null) read.push(picture);
      else unreadable.push({ name: picture.name, why });
    }
    const done = [...running];
    return {
      scores: Object.fromEntries(done.map(({ name, answers }) => [name, score(read, answers)])),
      versions: Object.fromEntries(done.map(({ name, peer }) => [name, peer.version])),
      missing,
      unreadable,
      adapter,
    };
  } finally {
    for (const { peer } of running) await peer.end();
  }
}

await runProgram(COMMAND, async ({ data, boxes, backend, peers, limit, json, markdown }) => {
  if (data === undefined) throw new UsageError("Missing --data: the folder with the pictures");
  const names = wanted(peers);
  const known = boxes === undefined ? null : parseBoxes(await Deno.readTextFile(boxes), boxes);
  const all = await findPictures(data);
  if (known && !all.some((picture) => facesOf(picture, known))) {
    throw new RangeError(`Cannot measure ${data}: ${boxes} names none of its pictures`);
  }
  const pictures = spread(all, limit ?? Infinity);
  const folder = await Deno.makeTempDir({ prefix: "fer-faces-" });
  const isTerminal = Deno.stderr.isTerminal();
  try {
    const list = `${folder}/pictures.json`;
    const paths = await Promise.all(
      pictures.map(({ name }) => Deno.realPath(`${data}/${name}`)),
    );
    await Deno.writeTextFile(list, JSON.stringify(paths));
    const { scores, versions, missing, unreadable, adapter } = await compare(
      names,
      pictures,
      (name) => commandOf(name, list, backend ?? "wasm"),
      (read, answers) => scoreOf(read, answers, known),
      (text) => {
        if (isTerminal) warn(text);
      },
    );
    const machine = {
      backend,
      adapter,
      cores: navigator.hardwareConcurrency,
      deno: Deno.version.deno,
      date: new Date().toISOString().replace(/\.\d+/, ""),
    };
    if (json) {
      // Who is missing is there all the same, as null.
      const figures = Object.fromEntries(
        Object.keys(READERS).map((name) => [name, scores[name as ReaderName] ?? null]),
      );
      const rest = { versions, missing, unreadable, machine, libraryVersion: VERSION };
      return print(JSON.stringify({ ...figures, ...rest }));
    }
    print(`${pictures.length} pictures on ${adapter}, ${machine.cores} cores, ${machine.date}`);
    for (const { name, why } of unreadable) print(`  ${name} is left out: ${why}`);
    for (const { name, why } of missing) print(`  ${READERS[name].title} is missing: ${why}`);
    const readers = names.flatMap((name) => {
      const score = scores[name];
      return score ? [{ title: READERS[name].title, score }] : [];
    });
    for (const line of faceTables(readers, markdown ? "markdown" : "plain")) print(line);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
